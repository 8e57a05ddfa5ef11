"""Audit events: one class for each kind. No event contains a secret.

The class names are stored: ``event_name`` derives the name of an event from its class.
"""

from dataclasses import dataclass
from typing import TypedDict

from ..identifiers import ClientId, SessionId, Subject


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditEvent:
    """Something that happened and is recorded. ``at`` is in seconds since the epoch."""

    at: float


@dataclass(frozen=True, slots=True, kw_only=True)
class LoginFailed(AuditEvent):
    """A sign-in was refused, or the current password in a change of the password was wrong.

    ``reason`` is ``unknown_user``, ``disabled_user``, ``wrong_password``, ``wrong_current_password``,
    ``too_many_attempts`` (the password was not verified) or ``credentials_changed`` (during the sign-in). It is not
    sent to the client. ``subject`` is ``None`` if no user has the username.
    """

    reason: str
    subject: Subject | None
    address: str


class SessionFacts(TypedDict):
    """The fields that all events of a session have."""

    at: float
    session_id: SessionId
    subject: Subject
    client_id: ClientId


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionEvent(AuditEvent):
    """An event of a session."""

    session_id: SessionId
    subject: Subject
    client_id: ClientId


@dataclass(frozen=True, slots=True, kw_only=True)
class LoginSucceeded(SessionEvent):
    """A session was opened. ``audience`` are the audiences of its first access token, separated by spaces."""

    address: str
    audience: str


@dataclass(frozen=True, slots=True, kw_only=True)
class TokenRefreshed(SessionEvent):
    """The session was rotated. ``generation`` is its new generation."""

    generation: int


@dataclass(frozen=True, slots=True, kw_only=True)
class TokenReplayed(SessionEvent):
    """A token that was replaced within the replay window was presented again, or the current one after 32 rotations
    within one window. The response was the current token, and nothing was rotated.
    """

    generation: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ReuseDetected(SessionEvent):
    """An older token was presented, and the session was revoked."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RaceLost(SessionEvent):
    """A request lost a race, and its token was outdated by then. It was refused, and nothing was revoked."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TokenUntraced(SessionEvent):
    """A token was refused, because the store does not tell whether it was replaced within the replay window. Nothing
    was revoked.
    """


@dataclass(frozen=True, slots=True, kw_only=True)
class ForeignClientRefused(SessionEvent):
    """The client ``presented_by`` presented a token of ``client_id``."""

    presented_by: ClientId


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionWasRevoked(SessionEvent):
    """The session was revoked before it expired. ``reason`` is a ``RevocationReason``."""

    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class AllSessionsRevoked(AuditEvent):
    """All sessions that began until ``cut_off`` were revoked. ``reason`` is a ``RevocationReason``, ``cut_off`` is in
    whole seconds since the epoch.
    """

    reason: str
    cut_off: int


@dataclass(frozen=True, slots=True, kw_only=True)
class UserEvent(AuditEvent):
    """An event of a user. ``by`` is the administrator who caused it, ``None`` at the command line."""

    subject: Subject
    by: Subject | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class UserCreated(UserEvent):
    """A user was created."""


@dataclass(frozen=True, slots=True, kw_only=True)
class UserDisabled(UserEvent):
    """A user cannot sign in any more, and all their sessions are revoked."""


@dataclass(frozen=True, slots=True, kw_only=True)
class UserEnabled(UserEvent):
    """A user can sign in again."""


@dataclass(frozen=True, slots=True, kw_only=True)
class UserDeleted(UserEvent):
    """A user does not exist any more, and all their sessions are revoked. Events about them are kept."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ScopeChanged(UserEvent):
    """A user has another scope, and all their sessions are revoked."""

    scope: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PasswordChanged(UserEvent):
    """A user has a new password; their other sessions are revoked."""


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyEvent(AuditEvent):
    """An event of a signing key."""

    kid: str


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyScheduled(KeyEvent):
    """A key signs from ``activates_at`` on (seconds since the epoch). ``by`` is the administrator who caused it,
    ``None`` at the command line and for what the service does by itself.
    """

    activates_at: float
    by: Subject | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyPublished(KeyScheduled):
    """A key was published."""


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyRescheduled(KeyScheduled):
    """The activation of a key was moved."""


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyDropped(KeyEvent):
    """A key was deleted, because it was ``gone``, ``retired``, ``replaced`` or ``compromised``."""

    because: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ClientEvent(AuditEvent):
    """An event of a client."""

    client_id: ClientId


@dataclass(frozen=True, slots=True, kw_only=True)
class ClientTokenIssued(ClientEvent):
    """A client got an access token for itself (RFC 6749 §4.4). ``audience`` are its audiences, separated by spaces."""

    audience: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ClientChanged(ClientEvent):
    """A client was changed. ``by`` is the administrator who did it, ``None`` at the command line."""

    by: Subject | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ClientAdded(ClientChanged):
    """A client was registered."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ClientRemoved(ClientChanged):
    """A client was removed. Its sessions cannot be refreshed any more."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ClientSecretRotated(ClientChanged):
    """A client got a new secret."""
