"""Prepared lines of the log have the same text as lines of ``logging``, whatever their values are."""

import json
import logging
from collections.abc import Mapping
from dataclasses import fields
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any

import pytest
from aiohttp import web
from hypothesis import given
from hypothesis import strategies as st

from app.adapters.http.requests.client_address import CLIENT_ADDRESS, peer_address
from app.adapters.http.server.access_log import ACCESS_LOG, AccessLog, milliseconds_text
from app.adapters.log_lines import LineHandler, PreparedLine, Waiting, escape, fields_text, json_text
from app.adapters.request_context import ADDRESS, REQUEST_ID
from app.adapters.telemetry.audit_recorder import AuditRecorder
from app.adapters.telemetry.json_formatter import JsonFormatter
from app.domain.audit import events
from app.domain.audit.events import AuditEvent
from app.domain.audit.record import event_name, field_names
from app.domain.sessions.session import RevocationReason
from tests.http.log_lines import LogLines, only_handler

HOSTILE = [
    *map(chr, range(0x20)),
    *"\"'\\/%{}<>\x7f\x80\x85\xa0\xad\u2028\u2029\u202e\ufeff\uffff",
    "\ud800",
    "\udfff",
    "\udfff\ud800",
    "\U0001f600",
    "\U0010ffff",
    '", "level": "forged',
    "%s%(x)s{0}",
    "\r\n",
    "x" * 100_000,
]

TEXTS = st.text(alphabet=st.characters() | st.sampled_from('"\\\n\r\u2028\ud800\0%'))
VALUES = (
    TEXTS | st.integers(-(2**63), 2**63) | st.floats(allow_nan=False, allow_infinity=False) | st.none() | st.booleans()
)
NAMES = st.text(alphabet="abc_", min_size=3).map(lambda name: f"a_{name}")
TIMES = st.floats(0, 4e9)


def former_text(entry: Mapping[str, object]) -> str:
    """Return the text that ``json.dumps`` gives a line."""
    return json.dumps(entry) + "\n"


def former_time(moment: float) -> str:
    """Return the time of a line, without any cache."""
    second = datetime.fromtimestamp(int(moment), UTC).strftime("%Y-%m-%dT%H:%M:%S")
    return f"{second}.{int(moment % 1 * 1000):03}+00:00"


def assert_one_line(line: str) -> dict[str, Any]:
    """Check that the line is one line of ASCII JSON that a terminal shows as it is. Return its members."""
    assert line.endswith("}\n")
    assert line.isascii()
    assert line[:-1].isprintable()
    assert len(line.splitlines()) == 1
    entry: dict[str, Any] = json.loads(line)
    return entry


@pytest.mark.parametrize("hostile", HOSTILE, ids=ascii)
def test_no_value_ends_its_string(hostile: str) -> None:
    """Control characters, quotes, backslashes, surrogates, line separators and long values stay in their string."""
    text = escape(hostile)
    assert text == json_text(hostile) == json.dumps(hostile)
    assert text.isascii()
    assert text.isprintable()
    assert json.loads(text) == hostile


@pytest.mark.parametrize("hostile", HOSTILE, ids=ascii)
def test_no_value_ends_its_line(hostile: str) -> None:
    """A line with such a value as its logger, message, field, request id and further field is one line of JSON."""
    line = PreparedLine(_logger(hostile), hostile, fields_text)
    always = fields_text({"always": hostile})
    entry = assert_one_line(line.text(1.0, hostile, ({"name": hostile, hostile: hostile},), always))
    assert {*entry.values()} == {hostile, "info", "1970-01-01T00:00:01.000+00:00"}


@given(VALUES)
def test_a_value_has_the_text_of_json_dumps(value: object) -> None:
    """Each value of a usual type is written as ``json.dumps`` writes it."""
    assert json_text(value) == json.dumps(value)


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (float("nan"), "null"),
        (float("-inf"), "null"),
        (b"bytes", '"bytes"'),
        ({"a": object()}, '"dict"'),
        ({"a": float("inf")}, '"dict"'),
        ({"b": [1, None], "a": "\n"}, '{"b": [1, null], "a": "\\n"}'),
        (RevocationReason.REUSE, '"reuse"'),
    ],
)
def test_a_value_without_json_is_not_an_error(value: object, text: str) -> None:
    """A number that is not finite is null. Of a value that JSON cannot express, the line has the type."""
    assert json_text(value) == text
    assert fields_text({"x": value}) == f', "x": {text}'


@given(
    TIMES, st.none() | TEXTS, TEXTS, TEXTS, st.dictionaries(NAMES, VALUES), st.dictionaries(st.just("worker"), VALUES)
)
def test_a_prepared_line_has_the_text_of_a_record(  # noqa: PLR0917  # Hypothesis passes them
    created: float,
    request_id: str | None,
    logger: str,
    message: str,
    values: dict[str, object],
    always: dict[str, object],
) -> None:
    """The line is, byte for byte, the one that the formatter makes of a record, and the one of ``json.dumps``."""
    prepared = PreparedLine(_logger(logger), message, fields_text)
    text = prepared.text(created, request_id, (values,), LineHandler(**always).always)
    record = logging.LogRecord(logger, logging.INFO, "", 0, "%s", (message,), None)
    record.created = created
    record.fields = values
    token = REQUEST_ID.set(request_id)
    assert text == JsonFormatter(**always).format(record) + "\n"
    REQUEST_ID.reset(token)
    request = {} if request_id is None else {"request_id": request_id}
    first = {"time": former_time(created), "level": "info", "logger": logger, "message": message}
    assert text == former_text({**first, **always, **request, **values})
    assert_one_line(text)


def _logger(name: str) -> logging.Logger:
    """Return a logger of its own, which ``logging`` does not keep."""
    return logging.Logger(name)  # noqa: LOG001  # as said


class _Request(dict[object, object]):
    """What the access log reads of a request."""

    def __init__(self, method: str, route: str, remote: str | None) -> None:
        self.method = method
        self.remote = remote
        if route:
            self._match_info = SimpleNamespace(route=SimpleNamespace(resource=SimpleNamespace(canonical=route)))


class _LastLine(LineHandler):
    """Stores the last line."""

    def __init__(self) -> None:
        super().__init__()
        self.line = ""

    def write_line(self, line: str) -> None:
        self.line = line

    def open_step(self, line: PreparedLine) -> Any:
        line.end_step()
        return self

    def append(self, waiting: Waiting) -> None:
        assert not isinstance(waiting, str)
        line, created, request_id, arguments = waiting
        self.line = line.text(created, request_id, arguments)
        line.end_step()


def without_time(line: str) -> str:
    """Return a line without its time, which the test did not set."""
    start, time, rest = line[:10], line[10:39], line[39:]
    assert datetime.fromisoformat(time).tzinfo is not None
    return start + rest


@given(TEXTS, TEXTS, st.integers(100, 599), st.floats(0, 1e6), st.none() | TEXTS, st.booleans(), TEXTS)
def test_the_access_log_has_the_text_of_json_dumps(  # noqa: PLR0917  # Hypothesis passes them
    method: str, route: str, status: int, seconds: float, address: str | None, known: object, request_id: str
) -> None:
    """A line of the access log is, byte for byte, the one that ``json.dumps`` makes of its fields."""
    request = _Request(method, route, None if known else address)
    if known:
        request[CLIENT_ADDRESS] = address
    handler = _LastLine()
    token = REQUEST_ID.set(request_id)
    with only_handler(handler, "keyturn.access"):
        ACCESS_LOG.setLevel(logging.INFO)
        AccessLog(ACCESS_LOG, "").log(request, web.Response(status=status), seconds)  # type: ignore[arg-type]  # all that it reads
        ACCESS_LOG.setLevel(logging.NOTSET)
    REQUEST_ID.reset(token)
    assert without_time(handler.line) == without_time(
        former_text(
            {
                "time": former_time(0.0),
                "level": "info",
                "logger": "keyturn.access",
                "message": "answered",
                "request_id": request_id,
                "method": method,
                "route": route or "(no route)",
                "status": status,
                "milliseconds": round(seconds * 1000, 3),
                "address": address if known else peer_address(request),  # type: ignore[arg-type]  # as above
            }
        )
    )


@given(st.floats(0, 1e9))
def test_a_duration_has_the_text_of_round(seconds: float) -> None:
    """A duration has three decimals at most, as from ``round``."""
    assert milliseconds_text(seconds) == repr(round(seconds * 1000, 3))


KINDS: list[Any] = [each for each in vars(events).values() if isinstance(each, type) and issubclass(each, AuditEvent)]


def event_of(kind: Any) -> st.SearchStrategy[AuditEvent]:
    """Return events of the kind with any texts."""
    values = {
        name: st.binary(min_size=16, max_size=16) if name == "session_id" else TEXTS
        for name in field_names(kind)
        if name == "session_id" or "str" in str(next(each.type for each in fields(kind) if each.name == name))
    }
    return st.builds(kind, **values, at=st.just(1.0))


@pytest.mark.parametrize("kind", KINDS, ids=event_name)
@given(st.data(), st.just("") | TEXTS)
def test_an_audit_event_has_the_text_of_json_dumps(kind: Any, data: st.DataObject, address: str) -> None:
    """The line of an event is, byte for byte, the one that ``logging`` makes of it if another handler listens, too."""
    event = data.draw(event_of(kind))
    logger = logging.getLogger("keyturn.audit")
    logger.setLevel(logging.INFO)
    tokens = ADDRESS.set(address), REQUEST_ID.set("r\n")
    alone, beside = _LastLine(), LogLines()
    recorder = AuditRecorder(records=None)
    with only_handler(alone, "keyturn.audit"):
        recorder.record(event)
    with only_handler(beside, "keyturn.audit"):
        logger.addHandler(logging.NullHandler())
        recorder.record(event)
    ADDRESS.reset(tokens[0])
    REQUEST_ID.reset(tokens[1])
    logger.setLevel(logging.NOTSET)
    [line] = beside.lines
    assert without_time(alone.line) == without_time(f"{line}\n")
    entry = assert_one_line(alone.line)
    assert former_text(entry) == alone.line
    assert entry["message"] == event_name(kind)
