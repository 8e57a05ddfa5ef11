"""Sessions."""

from collections.abc import Sequence
from typing import Protocol

from ..domain.identifiers import SessionId, Subject
from ..domain.sessions.session import RevocationReason, Session
from ..domain.tokens.revoked_session import RevokedSession


class SessionRepository(Protocol):
    """Keeps sessions. Each method is one atomic act, and its effect is durable when it returns.

    Every method raises ``StoreUnavailable`` when the store does not answer; whether a change was made is then unknown.
    All reads see every change that was acknowledged before them. Times are seconds since the epoch, digests and salts
    32 bytes.
    """

    async def add(self, session: Session) -> None:
        """Keep a new session; raises ``AlreadyExists`` if its id is taken."""
        ...

    async def find(self, session_id: SessionId) -> Session | None:
        """Return the session, whether live, expired or revoked; ``None`` if there is none or it was deleted."""
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
        """Compare and swap: make ``new_digest`` the current secret's digest if ``expected_digest`` is it and the
        session is live at ``now``. With it ``generation`` goes up by one, and ``salt``, ``rotated_at`` (``now``) and
        ``idle_expires_at`` are set.

        Returns whether this call made the swap. Of any number of concurrent calls with one ``expected_digest``, at
        most one does.
        """
        ...

    async def revoke(self, session_id: SessionId, *, reason: RevocationReason, now: float) -> bool:
        """Revoke the session; once this has returned, no ``advance`` of it succeeds. Its salt may be erased with it.

        Returns whether this call did: ``False`` for one that is unknown or was revoked before, whose reason stays.
        """
        ...

    async def set_credential_version(
        self, session_id: SessionId, *, expected_version: int, credential_version: int, now: float
    ) -> bool:
        """Let the session go on under ``credential_version`` if it is live at ``now`` and of ``expected_version``.

        Returns whether this call made that change.
        """
        ...

    async def revoke_all(self, *, reason: RevocationReason, now: float) -> int:
        """Revoke every session that is not, in steps; return how many this call revoked. Each step is one atomic act;
        after a failure the same call goes on where it ended. A session that is added meanwhile may be revoked too.
        """
        ...

    async def list_live_sessions(self, subject: Subject, *, now: float) -> Sequence[Session]:
        """Return the subject's sessions that are live at ``now``, the oldest first."""
        ...

    async def list_revocations(self, moment: float) -> Sequence[RevokedSession]:
        """Return the sessions revoked at or after ``moment``, in no order."""
        ...
