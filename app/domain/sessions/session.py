"""Sessions: one sign-in of one user through one client. Also the policy that says how long sessions live."""

from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final

from ..audit.events import SessionFacts
from ..identifiers import ClientId, SessionId, Subject
from ..scope import Scope

_SALT_MARGIN: Final = 30
"""Seconds. The clocks of instances differ: an instance whose clock is ahead must not take a replay for reuse."""


class RevocationReason(StrEnum):
    """Why a session was revoked."""

    LOGOUT = "logout"
    ENDED_BY_USER = "ended_by_user"
    REUSE = "reuse"
    KEY_COMPROMISED = "key_compromised"
    PASSWORD_CHANGED = "password_changed"  # noqa: S105  # a reason
    USER_DISABLED = "user_disabled"
    ENDED_BY_ADMIN = "ended_by_admin"


@dataclass(frozen=True, slots=True, kw_only=True)
class Session:
    """The stored form of a session. Times are seconds since the epoch.

    It holds no token: ``lineage_digest`` and ``secret_digest`` are SHA-256 digests (32 bytes) of parts of the current
    refresh token. ``salt`` (32 bytes) is stored only for the length of the replay window after a rotation.
    """

    session_id: SessionId
    subject: Subject
    client_id: ClientId
    scope: Scope
    credential_version: int
    created_at: float
    expires_at: float
    idle_expires_at: float | None
    lineage_digest: bytes = field(repr=False)
    secret_digest: bytes = field(repr=False)
    generation: int
    rotated_at: float
    salt: bytes | None = field(default=None, repr=False)
    address: str = ""
    device: str = ""
    revoked_at: float | None = None
    revoked_because: RevocationReason | None = None

    def ends_at(self) -> float:
        """Return when the session expires: the earlier of its absolute and its idle expiry."""
        return self.expires_at if self.idle_expires_at is None else min(self.expires_at, self.idle_expires_at)

    def is_live(self, now: float) -> bool:
        """Return whether the session is neither revoked nor expired."""
        return self.revoked_at is None and now < self.ends_at()

    def event_facts(self, at: float) -> SessionFacts:
        """Return the fields that every audit event of the session has; ``at`` is the time of the event."""
        return {"at": at, "session_id": self.session_id, "subject": self.subject, "client_id": self.client_id}


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionPolicy:
    """Durations in seconds. ``lifetime`` counts from the sign-in, ``idle_lifetime`` (if set) from the last rotation.

    Within ``replay_window`` after a rotation, the replaced token still gets the same successor. 0 turns replay off.
    """

    lifetime: int = 604_800
    idle_lifetime: int | None = None
    replay_window: int = 30

    def idle_deadline(self, now: float) -> float | None:
        """Return the idle expiry of a session that is rotated at ``now``; ``None`` if there is no idle limit."""
        return None if self.idle_lifetime is None else now + self.idle_lifetime

    def ends_at(self, *, created_at: float, rotated_at: float) -> float:
        """Return when a session expires that was created and last rotated at these times."""
        idle_deadline = self.idle_deadline(rotated_at)
        expires_at = created_at + self.lifetime
        return expires_at if idle_deadline is None else min(expires_at, idle_deadline)

    def salt_lifetime(self) -> int:
        """Return for how many seconds after a rotation its salt is stored. A replay needs it within the window."""
        return self.replay_window + _SALT_MARGIN if self.replay_window else 0
