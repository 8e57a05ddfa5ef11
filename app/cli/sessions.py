"""``keyturn sessions``: explain the state of a session."""

from collections.abc import Mapping

from ..adapters.audit_record_json import describe_record
from ..domain.audit.record import AuditRecord
from ..domain.errors import ConfigurationError
from ..domain.identifiers import SessionId, format_session_id, parse_session_id
from ..domain.sessions.errors import SessionNotFound
from ..domain.sessions.timeline import Timeline, format_time
from .call import Call
from .stores import opened_stores


async def explain(call: Call, sid: str) -> None:
    """Show the state of a session, and its events."""
    session_id = _parsed(sid)
    try:
        async with opened_stores(call.settings) as container:
            timeline = await container.explanation().explain(session_id)
    except SessionNotFound as error:
        raise ConfigurationError(
            f"Nothing is known of the session {sid}: it never existed, or KEYTURN_AUDIT_RETENTION has passed."
        ) from error
    call.show(_describe(timeline), "\n".join([timeline.conclusion, *map(_line, timeline.records)]))


def _parsed(sid: str) -> SessionId:
    try:
        return parse_session_id(sid)
    except ValueError as error:
        raise ConfigurationError(f"{sid!a} is not a session id, which has 22 characters.") from error


def _describe(timeline: Timeline) -> Mapping[str, object]:
    events = [describe_record(each) for each in timeline.records]
    sid = format_session_id(timeline.session_id)
    return {"sid": sid, "state": timeline.state, "conclusion": timeline.conclusion, "events": events}


def _line(record: AuditRecord) -> str:
    details = " ".join(f"{name}={_printable(value)}" for name, value in record.details.items())
    return "  ".join(
        each for each in (format_time(record.at), f"{record.name:<20}", _printable(record.address), details) if each
    ).rstrip()


def _printable(value: object) -> str:
    text = str(value)
    return text if text.isprintable() else ascii(text)
