"""What became of a session, told from the session itself and its events."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from ..audit.events import AllSessionsRevoked, SessionWasRevoked, TokenRefreshed
from ..audit.record import AuditRecord, event_name
from ..identifiers import SessionId
from .session import RevocationReason, Session

AFTERWARDS: Final = 60.0
"""Seconds after a session's end in which what happened may still tell why."""

REFRESHED: Final = event_name(TokenRefreshed)
_REVOKED: Final = event_name(SessionWasRevoked)
_ALL_REVOKED: Final = event_name(AllSessionsRevoked)

_BECAUSE: Final[dict[str, str]] = {
    RevocationReason.LOGOUT: "it was signed out",
    RevocationReason.ENDED_BY_USER: "its user ended it in the list of their sessions",
    RevocationReason.REUSE: "an old refresh token was presented again, as a thief would; or the client lost an answer"
    " and asked again too late",
    RevocationReason.KEY_COMPROMISED: "all sessions were ended, because a signing key had leaked",
    RevocationReason.PASSWORD_CHANGED: "the user's password was changed",
    RevocationReason.USER_DISABLED: "the user was disabled",
    RevocationReason.ENDED_BY_ADMIN: "an administrator ended it",
}


@dataclass(frozen=True, slots=True)
class Timeline:
    """A session's events, the earliest first, and in a sentence what became of it. ``state`` is ``live``, ``revoked``,
    ``expired``, ``outdated`` (of an older password) or ``deleted``.
    """

    session_id: SessionId
    state: str
    conclusion: str
    events: Sequence[AuditRecord]


def timeline(
    session_id: SessionId,
    session: Session | None,
    events: Sequence[AuditRecord],
    *,
    ends_at: float,
    credential_version: int | None,
    now: float,
) -> Timeline:
    """Return what became of the session, which the store may have deleted since; ``ends_at`` is when it ends or would
    have ended by itself, ``credential_version`` its user's, ``None`` for one who may not sign in.
    """
    revocation = _revocation(events)
    revoked_at = session.revoked_at if session is not None else None if revocation is None else revocation.at
    if revoked_at is not None:
        reason = session.revoked_because if session is not None else revocation and revocation.details.get("reason")
        events = [each for each in events if each.at <= revoked_at + AFTERWARDS]
        return Timeline(session_id, "revoked", _revoked(str(reason), revoked_at, revocation, events), events)
    if session is None:
        return Timeline(session_id, "deleted", _deleted(ends_at, now), events)
    state, conclusion = _conclude(session, credential_version, now)
    return Timeline(session_id, state, conclusion, events)


def _revocation(events: Sequence[AuditRecord]) -> AuditRecord | None:
    """Return what ended the session. Where all sessions were ended, one that was refreshed later was not among them."""
    refreshed_at = max((each.at for each in events if each.name == REFRESHED), default=0.0)
    everybodys = (each for each in events if each.name == _ALL_REVOKED and each.at >= refreshed_at)
    return next((each for each in events if each.name == _REVOKED), next(everybodys, None))


def _conclude(session: Session, credential_version: int | None, now: float) -> tuple[str, str]:
    if not session.is_live(now):
        absolute = session.ends_at() == session.expires_at
        why = "its time since the sign-in was over" if absolute else "it was not refreshed for too long"
        return "expired", f"The session expired at {moment(session.ends_at())}: {why}."
    if session.credential_version != credential_version:
        return "outdated", "The session cannot go on: the user's password was changed since, or they were disabled."
    return "live", f"The session is live, until {moment(session.ends_at())}."


def _deleted(ends_at: float, now: float) -> str:
    if now < ends_at:
        return (
            "Nothing tells why the session ended: no event says that it was revoked, and it was to live until"
            f" {moment(ends_at)}, but the store has it no more."
        )
    return (
        "The session has ended and was deleted; no event says that it was revoked, so it expired, at"
        f" {moment(ends_at)} at the latest."
    )


def _revoked(reason: str, at: float, revocation: AuditRecord | None, events: Sequence[AuditRecord]) -> str:
    where = f", by a request from {revocation.address}" if revocation is not None and revocation.address else ""
    told = f"The session was revoked at {moment(at)}{where}: {_BECAUSE.get(reason, reason)}."
    refreshed = [each.at for each in events if each.name == REFRESHED]
    if reason == RevocationReason.REUSE and refreshed:
        told += f" It had been refreshed last at {moment(refreshed[-1])}."
    return told


def moment(at: float) -> str:
    """Return a moment as people read it (RFC 3339, UTC)."""
    return datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
