"""A session: one sign-in of one subject through one client."""

from dataclasses import dataclass, field
from enum import StrEnum

from ..audit.events import SessionFacts
from ..identifiers import ClientId, SessionId, Subject
from ..scope import Scope


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
