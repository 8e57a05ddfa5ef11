"""Retention: forgetting what has had its time, a little at a time."""

from typing import Final

from ...ports.audit_events import AuditEventRepository
from ...ports.clock import Clock
from ...ports.revocation_list import RevocationList
from ...ports.session_sweeper import SessionSweeper
from ..model.policy import AccessTokenPolicy, SessionPolicy

_SESSIONS_A_SWEEP: Final = 1_000
_SALTS_A_SWEEP: Final = 10_000
_EVENTS_A_SWEEP: Final = 1_000


class Retention:
    """Deletes ended sessions, old revocations and audit events, and erases salts that no replay can need.

    ``sweeper`` is ``None`` for a store that forgets sessions and salts by itself, ``events`` for one that keeps none;
    an event is kept for ``event_lifetime`` seconds.
    """

    def __init__(
        self,
        *,
        sweeper: SessionSweeper | None,
        revoked: RevocationList,
        clock: Clock,
        access_tokens: AccessTokenPolicy,
        session_policy: SessionPolicy,
        events: AuditEventRepository | None,
        event_lifetime: float,
    ) -> None:
        self._sweeper = sweeper
        self._revoked = revoked
        self._clock = clock
        self._access_tokens = access_tokens
        self._session_policy = session_policy
        self._events = events
        self._event_lifetime = event_lifetime

    async def sweep(self) -> None:
        """Do one bounded step. Called every second, it erases each salt within a minute of its window's end.

        An expired session stays as long as its revocation may matter to an instance that starts now.
        """
        now = self._clock.now()
        forget_before = now - self._access_tokens.memory_of_revocations()
        self._revoked.forget(revoked_before=forget_before)
        if self._events is not None:
            await self._events.delete_before(now - self._event_lifetime, limit=_EVENTS_A_SWEEP)
        if self._sweeper is None:
            return
        await self._sweeper.erase_salts(rotated_before=now - self._session_policy.salt_lifetime(), limit=_SALTS_A_SWEEP)
        await self._sweeper.delete_ended(
            expired_before=forget_before, revoked_before=forget_before, limit=_SESSIONS_A_SWEEP
        )
