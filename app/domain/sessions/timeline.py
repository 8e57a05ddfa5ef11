"""The timeline of a session: its state, a sentence that says why, and its audit records."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from ..audit.events import AllSessionsRevoked, SessionWasRevoked, TokenRefreshed
from ..audit.record import AuditRecord, event_name
from ..identifiers import SessionId
from .session import RevocationReason, Session

SECONDS_AFTER_END: Final = 60.0
"""Audit records from up to a minute after the end of a session may still explain it."""

REFRESHED: Final = event_name(TokenRefreshed)
_REVOKED: Final = event_name(SessionWasRevoked)
_ALL_REVOKED: Final = event_name(AllSessionsRevoked)

_SENTENCES: Final[dict[str, str]] = {
    RevocationReason.LOGOUT: "it was signed out",
    RevocationReason.ENDED_BY_USER: "its user ended it in the list of their sessions",
    RevocationReason.REUSE: "an old refresh token was presented again: by a thief, or by a client that did not receive"
    " a response and repeated its request too late",
    RevocationReason.KEY_COMPROMISED: "all sessions were ended, because a signing key had leaked",
    RevocationReason.PASSWORD_CHANGED: "the user's password was changed",
    RevocationReason.USER_DISABLED: "the user was disabled",
    RevocationReason.USER_DELETED: "the user was deleted",
    RevocationReason.SCOPE_CHANGED: "the scope of the user was changed",
    RevocationReason.ENDED_BY_ADMIN: "an administrator ended it",
    RevocationReason.TOO_MANY_SESSIONS: "its user had too many sessions, and this one was not refreshed for the longest"
    " time",
}


@dataclass(frozen=True, slots=True)
class Timeline:
    """The audit records of a session, the earliest first, and a sentence about its state.

    ``state`` is ``live``, ``revoked``, ``expired``, ``deleted``, or ``outdated``: the password or the scope was
    changed since, or the user was disabled or deleted.
    """

    session_id: SessionId
    state: str
    conclusion: str
    records: Sequence[AuditRecord]


def timeline(
    session_id: SessionId,
    session: Session | None,
    records: Sequence[AuditRecord],
    *,
    ends_at: float,
    credential_version: int | None,
    now: float,
) -> Timeline:
    """Return the timeline of a session. ``session`` is ``None`` if the store has deleted it.

    ``ends_at`` is when the session expires or would have expired. ``credential_version`` is the current one of its
    user, ``None`` for a user who may not sign in.
    """
    revocation = _revocation(records)
    revoked_at = session.revoked_at if session is not None else None if revocation is None else revocation.at
    if revoked_at is not None:
        reason = session.revoked_because if session is not None else revocation and revocation.details.get("reason")
        records = [each for each in records if each.at <= revoked_at + SECONDS_AFTER_END]
        return Timeline(session_id, "revoked", _revoked(str(reason), revoked_at, revocation, records), records)
    if session is None:
        return Timeline(session_id, "deleted", _deleted(ends_at, now), records)
    state, conclusion = _stored(session, credential_version, now)
    return Timeline(session_id, state, conclusion, records)


def _revocation(records: Sequence[AuditRecord]) -> AuditRecord | None:
    """Return the record of the revocation that ended the session, if there is one.

    A revocation of all sessions did not end this session if this session was refreshed afterwards.
    """
    refreshed_at = max((each.at for each in records if each.name == REFRESHED), default=0.0)
    of_all = (each for each in records if each.name == _ALL_REVOKED and each.at >= refreshed_at)
    return next((each for each in records if each.name == _REVOKED), next(of_all, None))


def _stored(session: Session, credential_version: int | None, now: float) -> tuple[str, str]:
    """Return the state of a session that was not revoked, and the sentence about it."""
    if not session.is_live(now):
        absolute = session.ends_at() == session.expires_at
        why = "its longest lifetime was over" if absolute else "it was not refreshed for too long"
        return "expired", f"The session expired at {format_time(session.ends_at())}: {why}."
    if session.credential_version != credential_version:
        change = "the user's password or scope was changed, or the user was disabled or deleted"
        return "outdated", f"The session cannot be refreshed: since it began, {change}."
    return "live", f"The session is live, until {format_time(session.ends_at())}."


def _deleted(ends_at: float, now: float) -> str:
    if now < ends_at:
        return (
            "It is unknown why the session ended: no event says that it was revoked, and it would have lived until"
            f" {format_time(ends_at)}, but the store no longer has it."
        )
    return (
        "The session has ended and was deleted; no event says that it was revoked, so it expired, at"
        f" {format_time(ends_at)} at the latest."
    )


def _revoked(reason: str, at: float, revocation: AuditRecord | None, records: Sequence[AuditRecord]) -> str:
    where = f", by a request from {revocation.address}" if revocation is not None and revocation.address else ""
    sentence = f"The session was revoked at {format_time(at)}{where}: {_SENTENCES.get(reason, reason)}."
    refreshed = [each.at for each in records if each.name == REFRESHED]
    if reason == RevocationReason.REUSE and refreshed:
        sentence += f" It was last refreshed at {format_time(refreshed[-1])}."
    return sentence


def format_time(at: float) -> str:
    """Return a time (seconds since the epoch) in UTC, in the format of RFC 3339."""
    return datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
