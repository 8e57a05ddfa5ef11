"""Retention: forgetting what has had its time, a little at a time."""

from typing import Final

from ...ports.clock import Clock
from ...ports.revocation_list import RevocationList
from ...ports.sessions import SessionRepository
from ..model.policy import AccessTokenPolicy, SessionPolicy

_SESSIONS_A_SWEEP: Final = 1_000
_SALTS_A_SWEEP: Final = 10_000


class Retention:
    """Deletes ended sessions and old revocations, and erases salts that no replay can need."""

    def __init__(
        self,
        *,
        sessions: SessionRepository,
        revoked: RevocationList,
        clock: Clock,
        access_tokens: AccessTokenPolicy,
        session_policy: SessionPolicy,
    ) -> None:
        self._sessions = sessions
        self._revoked = revoked
        self._clock = clock
        self._access_tokens = access_tokens
        self._session_policy = session_policy

    async def sweep(self) -> None:
        """Do one bounded step. Called every second, it erases each salt within a minute of its window's end.

        An expired session stays as long as its revocation may matter to an instance that starts now.
        """
        now = self._clock.now()
        forget_before = now - self._access_tokens.memory_of_revocations()
        await self._sessions.erase_salts(rotated_before=now - self._session_policy.replay_window, limit=_SALTS_A_SWEEP)
        await self._sessions.delete_ended(
            expired_before=forget_before, revoked_before=forget_before, limit=_SESSIONS_A_SWEEP
        )
        self._revoked.forget(revoked_before=forget_before)
