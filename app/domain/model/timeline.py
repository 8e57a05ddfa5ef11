"""What became of a session, told from the session itself and its events."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from .identifiers import SessionId
from .kept_event import KeptEvent
from .session import RevocationReason, Session

_REVOKED: Final = "session_was_revoked"

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
    events: Sequence[KeptEvent]


def timeline(
    session_id: SessionId,
    session: Session | None,
    events: Sequence[KeptEvent],
    *,
    credential_version: int | None,
    now: float,
) -> Timeline:
    """Return what became of the session, which the store may have deleted since; ``credential_version`` is its user's,
    ``None`` for one who is gone.
    """
    state, conclusion = _conclude(session, events, credential_version, now)
    return Timeline(session_id, state, conclusion, events)


def _conclude(
    session: Session | None, events: Sequence[KeptEvent], credential_version: int | None, now: float
) -> tuple[str, str]:
    revocation = next((each for each in reversed(events) if each.name == _REVOKED), None)
    if session is None:
        return _conclude_from(revocation)
    if session.revoked_at is not None:
        return "revoked", _revoked(str(session.revoked_because), session.revoked_at, revocation)
    if not session.is_live(now):
        absolute = session.ends_at() == session.expires_at
        why = "its time since the sign-in was over" if absolute else "it was not refreshed for too long"
        return "expired", f"The session expired at {moment(session.ends_at())}: {why}."
    if session.credential_version != credential_version:
        return "outdated", "The session cannot go on: the user's password was changed since, or they were disabled."
    return "live", f"The session is live, until {moment(session.ends_at())}."


def _conclude_from(revocation: KeptEvent | None) -> tuple[str, str]:
    """Conclude from the events alone."""
    if revocation is None:
        return "deleted", "The session has ended and was deleted; no event says that it was revoked, so it expired."
    return "revoked", _revoked(str(revocation.details.get("reason")), revocation.at, revocation)


def _revoked(reason: str, at: float, revocation: KeptEvent | None) -> str:
    where = f", by a request from {revocation.address}" if revocation is not None and revocation.address else ""
    return f"The session was revoked at {moment(at)}{where}: {_BECAUSE.get(reason, reason)}."


def moment(at: float) -> str:
    """Return a moment as people read it (RFC 3339, UTC)."""
    return datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
