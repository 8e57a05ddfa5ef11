"""What happened to accounts and sessions: a type for each thing that an auditor asks about. None holds a secret."""

from dataclasses import dataclass
from typing import TypedDict

from ..identifiers import ClientId, SessionId, Subject


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditEvent:
    """``at`` is in seconds since the epoch."""

    at: float


@dataclass(frozen=True, slots=True, kw_only=True)
class LoginFailed(AuditEvent):
    """``reason`` is for the auditor only: ``unknown_user``, ``disabled_user``, ``wrong_password``,
    ``wrong_current_password`` (of someone signed in), ``too_many_attempts`` (no password was looked at) or
    ``credentials_changed`` (during the sign-in).
    """

    reason: str
    subject: Subject | None
    address: str


class SessionFacts(TypedDict):
    """What every event of a session says."""

    at: float
    session_id: SessionId
    subject: Subject
    client_id: ClientId


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionEvent(AuditEvent):
    """Something happened to a session."""

    session_id: SessionId
    subject: Subject
    client_id: ClientId


@dataclass(frozen=True, slots=True, kw_only=True)
class LoginSucceeded(SessionEvent):
    """A session was opened."""

    address: str


@dataclass(frozen=True, slots=True, kw_only=True)
class TokenRefreshed(SessionEvent):
    """The session moved on to ``generation``."""

    generation: int


@dataclass(frozen=True, slots=True, kw_only=True)
class TokenReplayed(SessionEvent):
    """The token just replaced was presented again within the replay window."""

    generation: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ReuseDetected(SessionEvent):
    """An earlier token was presented: the session is revoked."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RaceLost(SessionEvent):
    """A request that lost its race found its token outdated: it was refused, nothing was revoked."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ForeignClientRefused(SessionEvent):
    """``presented_by`` showed a token that belongs to ``client_id``."""

    presented_by: ClientId


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionWasRevoked(SessionEvent):
    """The session was ended before its time."""

    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class AllSessionsRevoked(AuditEvent):
    """Every session was ended before its time: so many ``sessions``."""

    reason: str
    sessions: int


@dataclass(frozen=True, slots=True, kw_only=True)
class UserEvent(AuditEvent):
    """Something happened to a user. ``by`` is who did it, ``None`` for an operator at the command line."""

    subject: Subject
    by: Subject | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class UserCreated(UserEvent):
    """A user was added."""


@dataclass(frozen=True, slots=True, kw_only=True)
class UserDisabled(UserEvent):
    """A user may not sign in any more; all their sessions are revoked."""


@dataclass(frozen=True, slots=True, kw_only=True)
class UserEnabled(UserEvent):
    """A user may sign in again."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PasswordChanged(UserEvent):
    """A user has a new password; their other sessions are revoked."""


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyEvent(AuditEvent):
    """Something happened to a signing key."""

    kid: str


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyPublished(KeyEvent):
    """A key was added, to sign from ``activates_at`` on (seconds since the epoch)."""

    activates_at: float


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyRescheduled(KeyEvent):
    """A key is to sign from another moment on."""

    activates_at: float


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyDropped(KeyEvent):
    """A key was deleted: ``gone``, ``retired``, ``replaced`` or ``compromised``."""

    because: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ClientEvent(AuditEvent):
    """Something happened to a client."""

    client_id: ClientId


@dataclass(frozen=True, slots=True, kw_only=True)
class ClientTokenIssued(ClientEvent):
    """A client got an access token for itself (RFC 6749 §4.4)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ClientChanged(ClientEvent):
    """A client was administered. ``by`` is who did it, ``None`` for an operator at the command line."""

    by: Subject | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ClientAdded(ClientChanged):
    """A client was registered."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ClientRemoved(ClientChanged):
    """A client was removed: its sessions cannot be refreshed any more."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ClientSecretRotated(ClientChanged):
    """A client got a new secret."""
