"""The formatter of the log."""

import json
import logging
from typing import Any

import pytest

from app.adapters.request_context import REQUEST_ID
from app.adapters.telemetry.json_formatter import JsonFormatter
from app.adapters.telemetry.logs import configure_logging
from app.domain.errors import ConfigurationError, StoreUnavailable

HOSTILE = [
    "a\r\nb",
    "\x1b[31mred\x1b[0m",
    "a\u2028b\u2029c",
    "\x00\x07\x7f\x85",
    '", "level": "forged',
    "\ud800",
    "\u202e",
]


def record(message: str, *, error: BaseException | None = None, **fields: object) -> logging.LogRecord:
    """Return a log record."""
    information = None if error is None else (type(error), error, error.__traceback__)
    made = logging.LogRecord("keyturn.test", logging.INFO, "file.py", 1, "%s", (message,), information)
    made.fields = fields
    return made


def line(made: logging.LogRecord) -> tuple[str, dict[str, Any]]:
    """Return the line of a record, as text and as JSON."""
    text = JsonFormatter().format(made)
    return text, json.loads(text)


def raised(error: Exception) -> Exception:
    """Return an error with a traceback."""
    try:
        raise error
    except type(error) as caught:
        return caught


@pytest.mark.parametrize("hostile", HOSTILE)
def test_a_record_is_one_line_of_ascii(hostile: str) -> None:
    """Line ends, terminal sequences and quotes stay inside their string, in the message and in the fields."""
    text, entry = line(record(hostile, name=hostile))
    assert text.isascii()
    assert text.isprintable()
    assert len(text.splitlines()) == 1
    assert entry["message"] == entry["name"] == hostile
    assert entry["level"] == "info"


def test_the_standard_fields() -> None:
    """Each line has the time in UTC with offset, level, logger and message, and the request id if there is one."""
    made = record("hello")
    made.created = 1_800_000_000.25
    _, entry = line(made)
    assert entry == {
        "time": "2027-01-15T08:00:00.250+00:00",
        "level": "info",
        "logger": "keyturn.test",
        "message": "hello",
    }
    token = REQUEST_ID.set("0123456789abcdef")
    assert line(made)[1]["request_id"] == "0123456789abcdef"
    REQUEST_ID.reset(token)


def test_only_type_and_place_of_an_exception_are_logged() -> None:
    """The message and the source line of an exception may quote a client, so they are not logged."""
    text, entry = line(record("bug", error=raised(ValueError("CANARY"))))
    assert entry["error"] == "ValueError"
    assert entry["raised_at"][-1].endswith(" raised")
    assert "CANARY" not in text


@pytest.mark.parametrize("error", [StoreUnavailable(), ConfigurationError("KEYTURN_PORT: must be a number.")])
def test_own_errors_are_logged_with_their_description(error: Exception) -> None:
    """The descriptions of Keyturn errors quote no client."""
    assert line(record("failed", error=raised(error)))[1]["error"] == f"{type(error).__name__}: {error}"


def test_the_type_of_a_cause_is_logged() -> None:
    """The type of the cause, such as an error of a driver, is logged without its message."""
    error = StoreUnavailable()
    error.__cause__ = raised(OSError("CANARY"))
    text, _ = line(record("failed", error=raised(error)))
    assert "OSError" in text
    assert "CANARY" not in text


def test_an_empty_exc_info_is_no_error() -> None:
    """``exc_info=True`` outside an ``except`` block logs no error."""
    made = record("fine")
    made.exc_info = (None, None, None)
    assert "error" not in line(made)[1]


def test_all_loggers_write_to_standard_error(capsys: pytest.CaptureFixture[str]) -> None:
    """All loggers, also those of libraries, write formatted lines from the chosen level up."""
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    root.handlers.clear()
    try:
        configure_logging("warning")
        logging.getLogger("aiohttp.server").warning("a\nb")
        logging.getLogger("keyturn.access").info("too quiet")
    finally:
        root.handlers[:] = handlers
        root.setLevel(level)
    captured = capsys.readouterr()
    assert captured.out == ""
    assert [json.loads(each)["message"] for each in captured.err.splitlines()] == ["a\nb"]
