"""``keyturn sessions``: list, end and explain sessions."""

from collections.abc import Mapping
from typing import Final

from ..adapters.audit_record_json import describe_record
from ..domain.audit.record import AuditRecord
from ..domain.errors import ConfigurationError
from ..domain.identifiers import SessionId, format_session_id, parse_session_id
from ..domain.sessions.errors import SessionNotFound
from ..domain.sessions.session import RevocationReason, Session, SessionPosition
from ..domain.sessions.timeline import Timeline, format_time
from ..service.container import Container
from .call import Call
from .stores import opened_stores
from .user_lines import printable
from .users import find

_PAGE: Final = 1_000
_BY_ADMIN: Final = RevocationReason.ENDED_BY_ADMIN


async def list_live(call: Call, username: str) -> None:
    """Show the live sessions of a user, the oldest first."""
    async with opened_stores(call.settings, may_create=call.may_create) as container:
        user = await find(container.accounts(), username)
        after: SessionPosition | None = None
        while not call.output.closed:
            page = await container.subject_sessions().list_sessions(user.subject, limit=_PAGE, after=after)
            if after is None and not page.sessions:
                call.output.note_at_terminal(f"{printable(user.username)} has no live sessions.")
            for session in page.sessions:
                call.show(_describe(session), _as_text(session))
            if (after := page.next) is None:
                break


async def end(call: Call, sid: str | None, user: str | None) -> None:
    """End a session, or all sessions of a user."""
    if (sid is None) == (user is None):
        raise ConfigurationError("Give the id of a session, or --user and a name.")
    if sid is not None:
        await _end_one(call, sid)
    else:
        await _end_all(call, user or "")


async def _end_one(call: Call, sid: str) -> None:
    session_id = _parsed(sid)
    try:
        async with opened_stores(call.settings, may_create=call.may_create) as container:
            session = await _find(container, session_id)
            await container.subject_sessions().end(session.subject, session_id, reason=_BY_ADMIN)
    except SessionNotFound as error:
        raise ConfigurationError(f"There is no live session {sid}; sessions explain shows what is known.") from error
    call.show({"ended": sid}, f"Ended {sid}.")


async def _find(container: Container, session_id: SessionId) -> Session:
    session: Session | None = (await container.session_lookup().find(session_id))[0]
    if session is None:
        raise SessionNotFound
    return session


async def _end_all(call: Call, username: str) -> None:
    async with opened_stores(call.settings, may_create=call.may_create) as container:
        user = await find(container.accounts(), username)
        await container.revocation().revoke_by_subject(user.subject, _BY_ADMIN)
    call.show({"ended_all": user.subject}, f"Ended all sessions of {printable(user.username)}.")


async def explain(call: Call, sid: str) -> None:
    """Show the state of a session, and its events."""
    session_id = _parsed(sid)
    try:
        async with opened_stores(call.settings, may_create=call.may_create) as container:
            timeline = await container.explanation().explain(session_id)
    except SessionNotFound as error:
        raise ConfigurationError(
            f"Nothing is known of the session {sid}: it never existed, or KEYTURN_AUDIT_RETENTION has passed."
        ) from error
    call.show(_describe_timeline(timeline), "\n".join([timeline.conclusion, *map(_line, timeline.records)]))


def _parsed(sid: str) -> SessionId:
    try:
        return parse_session_id(sid)
    except ValueError as error:
        raise ConfigurationError(f"{sid!a} is not a session id, which has 22 characters.") from error


def _describe(session: Session) -> Mapping[str, object]:
    return {
        "sid": format_session_id(session.session_id),
        "client_id": session.client_id,
        "scope": session.scope.text,
        "created_at": int(session.created_at),
        "last_used_at": int(session.rotated_at),
        "expires_at": int(session.ends_at()),
        "address": session.address,
        "device": session.device,
    }


def _as_text(session: Session) -> str:
    times = f"began {format_time(session.created_at)}  used {format_time(session.rotated_at)}"
    facts = map(_printable, (session.client_id, session.scope.text, session.address, session.device))
    return "  ".join(each for each in (format_session_id(session.session_id), times, *facts) if each)


def _describe_timeline(timeline: Timeline) -> Mapping[str, object]:
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
