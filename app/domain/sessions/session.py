"""Sessions: one sign-in of one user through one client. Also the policy that says how long sessions live."""

from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Final, NamedTuple

from ..audit.events import SessionFacts
from ..identifiers import ClientId, SessionId, Subject
from ..scope import Scope
from .replaced import NOTHING_REPLACED, ReplacedSecrets

LAST_SECOND: Final = 1
"""A session with less than this many seconds left is over: its tokens would have a lifetime of 0 seconds."""


class RevocationReason(StrEnum):
    """Why a session was revoked."""

    LOGOUT = "logout"
    ENDED_BY_USER = "ended_by_user"
    REUSE = "reuse"
    KEY_COMPROMISED = "key_compromised"
    PASSWORD_CHANGED = "password_changed"  # noqa: S105  # a reason
    USER_DISABLED = "user_disabled"
    USER_DELETED = "user_deleted"
    SCOPE_CHANGED = "scope_changed"
    ENDED_BY_ADMIN = "ended_by_admin"
    TOO_MANY_SESSIONS = "too_many_sessions"


class SessionPosition(NamedTuple):
    """The place of a session in a list of sessions, which is ordered by ``created_at`` and then by the id."""

    created_at: float
    session_id: SessionId


@dataclass(frozen=True, slots=True, kw_only=True)
class Session:
    """The stored form of a session. Times are seconds since the epoch.

    It holds no token: ``lineage_digest`` and ``secret_digest`` are SHA-256 digests (32 bytes) of parts of the current
    refresh token. ``replaced`` are the secrets that the rotations of the last replay window replaced. ``audience`` are
    the audiences to which the sign-in narrowed the session, none if it may have all that the service has.

    ``advanced``, ``revoked``, ``with_credential_version`` and ``ended_by`` are the rules for its changes. A store that
    reads a session, decides and writes it uses them inside a transaction, or under a condition on what it has read.
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
    replaced: ReplacedSecrets = NOTHING_REPLACED
    address: str = ""
    device: str = ""
    audience: tuple[str, ...] = ()
    revoked_at: float | None = None
    revoked_because: RevocationReason | None = None

    def position(self) -> SessionPosition:
        """Return the place of the session in a list."""
        return SessionPosition(self.created_at, self.session_id)

    def auth_time(self) -> int:
        """Return when the user signed in, in whole seconds. It is the claim ``auth_time`` of the access tokens."""
        return int(self.created_at)

    def ends_at(self) -> float:
        """Return when the session expires: the earlier of its absolute and its idle expiry."""
        return self.expires_at if self.idle_expires_at is None else min(self.expires_at, self.idle_expires_at)

    def is_live(self, now: float) -> bool:
        """Return whether the session is not revoked and has at least one second left."""
        return self.revoked_at is None and self.ends_at() >= now + LAST_SECOND

    def advanced(
        self,
        *,
        expected_digest: bytes,
        new_digest: bytes,
        replaced: ReplacedSecrets,
        now: float,
        idle_expires_at: float | None,
    ) -> "Session | None":
        """Return the session after a rotation; ``None`` if it is not live or has another secret."""
        if self.secret_digest != expected_digest or not self.is_live(now):
            return None
        return replace(
            self,
            secret_digest=new_digest,
            generation=self.generation + 1,
            rotated_at=now,
            replaced=replaced,
            idle_expires_at=idle_expires_at,
        )

    def revoked(self, *, reason: RevocationReason, now: float) -> "Session | None":
        """Return the session revoked at ``now``; ``None`` if it is revoked already."""
        if self.revoked_at is not None:
            return None
        return replace(self, revoked_at=now, revoked_because=reason, replaced=NOTHING_REPLACED)

    def with_credential_version(
        self, *, expected_version: int, credential_version: int, now: float
    ) -> "Session | None":
        """Return the session with a new credential version; ``None`` if it is not live or has another version."""
        if self.credential_version != expected_version or not self.is_live(now):
            return None
        return replace(self, credential_version=credential_version)

    def began_by(self, cut_off: int | None) -> bool:
        """Return whether the session began in or before the second ``cut_off``; ``False`` if there is no cut-off."""
        return cut_off is not None and self.auth_time() <= cut_off

    def ended_by(self, cut_off: int | None) -> "Session":
        """Return the session as ``cut_off`` leaves it: revoked, if it began in or before that second."""
        if cut_off is None or not self.began_by(cut_off):
            return self
        return self.revoked(reason=RevocationReason.KEY_COMPROMISED, now=float(cut_off)) or self

    def event_facts(self, at: float) -> SessionFacts:
        """Return the fields that every audit event of the session has; ``at`` is the time of the event."""
        return {"at": at, "session_id": self.session_id, "subject": self.subject, "client_id": self.client_id}


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionPolicy:
    """Durations in seconds. ``lifetime`` counts from the sign-in, ``idle_lifetime`` (if set) from the last rotation.

    Within ``replay_window`` after its replacement, a token still gets the current token. 0 turns replay off. The clocks
    of two instances differ by at most ``leeway``. A user has at most ``max_sessions`` live sessions.
    """

    lifetime: int = 604_800
    idle_lifetime: int | None = None
    replay_window: int = 120
    leeway: int = 30
    max_sessions: int = 100

    def idle_deadline(self, now: float) -> float | None:
        """Return the idle expiry of a session that is rotated at ``now``; ``None`` if there is no idle limit."""
        return None if self.idle_lifetime is None else now + self.idle_lifetime

    def ends_at(self, *, created_at: float, rotated_at: float) -> float:
        """Return when a session expires that was created and last rotated at these times."""
        idle_deadline = self.idle_deadline(rotated_at)
        expires_at = created_at + self.lifetime
        return expires_at if idle_deadline is None else min(expires_at, idle_deadline)

    def replaced_lifetime(self) -> int:
        """Return for how many seconds a replaced secret is kept: the replay window, also for an instance whose clock is
        behind.
        """
        return self.replay_window + self.leeway if self.replay_window else 0

    def replaced_after(self, session: Session, *, salt: bytes, now: float) -> ReplacedSecrets:
        """Return the replaced secrets of ``session`` after a rotation with ``salt``.

        If its last rotation is not among them, the previous version of this program made it and has erased its salt.
        They have a gap then, so that no token from before it is taken for stolen.
        """
        if not self.replay_window:
            return NOTHING_REPLACED
        replaced = session.replaced
        if session.generation and replaced.last_at() != session.rotated_at:
            replaced = replaced.with_gap(session.rotated_at)
        return replaced.followed_by(
            session.secret_digest, salt, now=now, lifetime=self.replaced_lifetime(), leeway=self.leeway
        )
