"""A session: one sign-in of one subject through one client."""

from dataclasses import dataclass, field
from enum import StrEnum

from ..audit.events import SessionFacts
from ..identifiers import ClientId, SessionId, Subject
from ..scope import Scope


class RevocationReason(StrEnum):
    """Why a session was ended before its time."""

    LOGOUT = "logout"
    ENDED_BY_USER = "ended_by_user"
    REUSE = "reuse"
    KEY_COMPROMISED = "key_compromised"
    PASSWORD_CHANGED = "password_changed"  # noqa: S105  # a reason
    USER_DISABLED = "user_disabled"
    ENDED_BY_ADMIN = "ended_by_admin"


@dataclass(frozen=True, slots=True, kw_only=True)
class Session:
    """What is stored of a session, whatever the number of its rotations. Times are seconds since the epoch.

    Nothing in it makes a token: ``lineage_digest`` and ``secret_digest`` are SHA-256 digests (32 bytes) of parts of
    the current refresh token. ``salt`` (32 bytes) is there for the length of the replay window only.
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
        """Return when the session ends if nothing more happens to it."""
        return earlier(self.expires_at, self.idle_expires_at)

    def is_live(self, now: float) -> bool:
        """Tell whether the session can go on: neither revoked nor expired."""
        return self.revoked_at is None and now < self.ends_at()


def earlier(expires_at: float, idle_expires_at: float | None) -> float:
    """Return the earlier of an absolute and an idle expiry."""
    return expires_at if idle_expires_at is None else min(expires_at, idle_expires_at)


def event_facts(session: Session, at: float) -> SessionFacts:
    """Return the facts of ``session`` for an event at ``at``."""
    return {"at": at, "session_id": session.session_id, "subject": session.subject, "client_id": session.client_id}
