"""The lines of the log as people read them."""

import json
import logging
import re

import pytest

from app.adapters.http.api.table import ROUTES
from app.adapters.telemetry.line_queue import MAX_WRITE, LineQueue, fitting_text
from app.adapters.telemetry.log_handler import OutputHandler
from app.adapters.telemetry.text_lines import _ROUTINE, text_lines
from tests.http.test_log_formatter import HOSTILE

from .test_log_handler import Outlet

_STANDARD = {"time": "2026-03-01T12:00:00.250+00:00", "level": "info", "logger": "keyturn", "message": "listening"}


def shown(**fields: object) -> str:
    """Return the text of a line with these fields, without colours."""
    return text_lines(coloured=False)(json.dumps({**_STANDARD, **fields}) + "\n")


@pytest.mark.parametrize(
    ("fields", "text"),
    [
        ({}, "12:00:00 info    listening\n"),
        ({"port": 8080, "host": "127.0.0.1"}, "12:00:00 info    listening  port=8080 host=127.0.0.1\n"),
        ({"reason": "two words", "empty": ""}, '12:00:00 info    listening  reason="two words" empty=""\n'),
        ({"by": None, "urls": ["a", "b"]}, '12:00:00 info    listening  by=null urls=["a", "b"]\n'),
        ({"logger": "gunicorn.error"}, "12:00:00 info    listening  logger=gunicorn.error\n"),
        ({"request_id": "0123456789abcdef"}, "12:00:00 info    listening\n"),
        (
            {"level": "error", "request_id": "0123456789abcdef"},
            "12:00:00 error   listening  request_id=0123456789abcdef\n",
        ),
        (
            {
                "message": "answered",
                "method": "GET",
                "route": "/auth/me",
                "status": 200,
                "milliseconds": 1.2,
                "address": "::1",
            },
            "12:00:00 info    GET /auth/me: 200 in 1.2 ms  address=::1\n",
        ),
    ],
)
def test_a_line_reads_well(fields: dict[str, object], text: str) -> None:
    """A line has the time, the level and the message, and then the fields. A request is in the message."""
    assert shown(**fields) == text


@pytest.mark.parametrize(
    ("fields", "is_shown"),
    [
        ({"route": "/.well-known/revoked-sessions", "status": 304}, False),
        ({"route": "/.well-known/revoked-sessions", "status": 503}, True),
        ({"route": "/auth/me", "status": 200}, True),
        ({"route": "/readyz", "status": 200, "logger": "keyturn"}, True),
    ],
)
def test_routine_is_left_out_where_people_read(fields: dict[str, object], is_shown: bool) -> None:  # noqa: FBT001
    """Good responses to guards and probes can be left out, and their faults cannot."""
    answered = {"message": "answered", "method": "GET", "milliseconds": 1.2, "logger": "keyturn.access", **fields}
    line = json.dumps({**_STANDARD, **answered}) + "\n"
    assert bool(text_lines(coloured=False, routine=False)(line)) == is_shown
    assert text_lines(coloured=False)(line)


def test_routine_is_of_the_route_table() -> None:
    """Each route that is left out exists under this name."""
    assert {each.template for each in ROUTES} >= _ROUTINE


def test_a_line_that_is_left_out_writes_nothing() -> None:
    """A line without text writes nothing, and the next line is written."""
    outlet = Outlet()
    handler = OutputHandler(outlet, as_text=lambda line: "" if "quiet" in line else line)
    handler.write_line('{"a": "quiet"}\n')
    handler.write_line('{"a": "loud"}\n')
    assert outlet.writes == [b'{"a": "loud"}\n']


@pytest.mark.parametrize("hostile", HOSTILE)
@pytest.mark.parametrize("place", ["message", "logger", "value"])
def test_no_text_controls_the_terminal(hostile: str, place: str) -> None:
    """Line ends and sequences of terminals stay inside their string, wherever they are."""
    text = shown(**{place: hostile})
    assert text.endswith("\n")
    assert text[:-1].isascii()
    assert text[:-1].isprintable()


def test_colours_change_nothing_else() -> None:
    """Without its colours, a coloured line is the other one."""
    line = json.dumps({**_STANDARD, "port": 8080})
    coloured = text_lines(coloured=True)(line)
    assert coloured != shown(port=8080)
    assert re.sub(r"\x1b\[\d+m", "", coloured) == shown(port=8080)


def test_a_long_line_is_cut() -> None:
    """The queue takes the beginning of a long line, as one line that ends every colour."""
    outlet = Outlet()
    queue = LineQueue(str, fitting_text)
    queue.add(["x" * 2 * MAX_WRITE + "\n", "next\n"])
    queue.write(outlet.write)
    first, second = b"".join(outlet.writes).splitlines()
    assert len(first) < MAX_WRITE
    assert first.endswith(b" ...\x1b[0m")
    assert second == b"next"


def test_the_handler_writes_text() -> None:
    """A handler for people writes its lines as text, with the fields that each line has."""
    outlet = Outlet()
    handler = OutputHandler(outlet, as_text=text_lines(coloured=False), worker=7)
    handler.emit(logging.makeLogRecord({"msg": "hello", "name": "keyturn", "levelname": "INFO", "created": 0.0}))
    assert b"".join(outlet.writes) == b"00:00:00 info    hello  worker=7\n"
