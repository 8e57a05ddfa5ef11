"""The repository of sessions."""

from collections.abc import Sequence
from typing import Protocol

from ..domain.identifiers import SessionId, Subject
from ..domain.sessions.session import RevocationReason, Session
from ..domain.tokens.revoked_session import RevokedSession


class SessionRepository(Protocol):
    """Stores sessions. Each method except ``revoke_all`` is atomic. Its effect is durable when it returns.

    Every method raises ``StoreUnavailable`` if the store does not answer; it is then unknown whether the change was
    made. A read sees every change that was acknowledged before it. Times are seconds since the epoch. Digests and salts
    have 32 bytes.
    """

    async def add(self, session: Session) -> None:
        """Store a new session; raises ``AlreadyExists`` if its id is taken.

        Of several concurrent calls with the same id, one succeeds.
        """
        ...

    async def find(self, session_id: SessionId) -> Session | None:
        """Return the session, also if it has expired or was revoked; ``None`` if it is unknown or was deleted."""
        ...

    async def advance(
        self,
        session_id: SessionId,
        *,
        expected_digest: bytes,
        new_digest: bytes,
        salt: bytes,
        now: float,
        idle_expires_at: float | None,
    ) -> bool:
        """Replace the digest of the current secret if it is ``expected_digest`` and the session is live at ``now``.

        The same change adds 1 to ``generation``, and sets ``salt``, ``idle_expires_at`` and ``rotated_at`` (to
        ``now``). Return whether this call made the change. Of any number of concurrent calls with the same
        ``expected_digest``, at most one returns ``True``.
        """
        ...

    async def revoke(self, session_id: SessionId, *, reason: RevocationReason, now: float) -> bool:
        """Revoke the session. When this has returned, no ``advance`` of it succeeds. The salt may be erased too.

        Return whether this call revoked it. A session that is revoked already keeps its reason and its time.
        """
        ...

    async def set_credential_version(
        self, session_id: SessionId, *, expected_version: int, credential_version: int, now: float
    ) -> bool:
        """Set the credential version if it is ``expected_version`` and the session is live at ``now``.

        Return whether this call made the change.
        """
        ...

    async def revoke_all(self, *, reason: RevocationReason, now: float) -> int:
        """Revoke all sessions, in steps; return how many this call revoked.

        Each step is atomic. After a failure, the same call continues where the first one stopped. A session that is
        added while the call runs may be revoked too.
        """
        ...

    async def list_live_sessions(self, subject: Subject, *, now: float) -> Sequence[Session]:
        """Return the sessions of ``subject`` that are live at ``now``, the oldest first."""
        ...

    async def list_revocations(self, moment: float) -> Sequence[RevokedSession]:
        """Return the sessions revoked at or after ``moment`` (seconds since the epoch), in any order."""
        ...
