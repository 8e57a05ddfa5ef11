"""Retention: forgetting what has had its time, a little at a time."""

from typing import Final

from ...ports.audit_record_repository import AuditRecordRepository
from ...ports.clock import Clock
from ...ports.rate_limit_repository import RateLimitRepository
from ...ports.session_sweeper import SessionSweeper
from ..tokens.policy import AccessTokenPolicy
from ..tokens.revocation_list import RevocationList
from .policy import SessionPolicy

_SESSIONS_A_SWEEP: Final = 1_000
_SALTS_A_SWEEP: Final = 10_000
_EVENTS_A_SWEEP: Final = 1_000
_BUDGETS_A_SWEEP: Final = 1_000
_BUDGET_MARGIN: Final = 60
"""Seconds: clocks of instances differ."""


class Retention:
    """Deletes ended sessions, old revocations, budgets that are whole and old audit events, and erases salts that no
    replay can need.

    ``sweeper`` is ``None`` for a store that forgets sessions and salts by itself, ``events`` for one that keeps none;
    an event is kept for ``event_lifetime`` seconds.
    """

    def __init__(
        self,
        *,
        sweeper: SessionSweeper | None,
        rate_limits: RateLimitRepository,
        revoked: RevocationList,
        clock: Clock,
        access_tokens: AccessTokenPolicy,
        session_policy: SessionPolicy,
        events: AuditRecordRepository | None,
        event_lifetime: float,
    ) -> None:
        self._sweeper = sweeper
        self._budgets = rate_limits
        self._revoked = revoked
        self._clock = clock
        self._access_tokens = access_tokens
        self._session_policy = session_policy
        self._events = events
        self._event_lifetime = event_lifetime

    async def sweep(self) -> None:
        """Do one bounded step. Called every second, it erases each salt within a minute of its window's end.

        An expired session stays as long as its revocation may matter to an instance that starts now. Salts come first:
        the events may be in a store that does not answer while that of the sessions does.
        """
        now = self._clock.now()
        self._revoked.forget(revoked_before=now - self._access_tokens.memory_of_revocations())
        if self._sweeper is not None:
            await self._sweep_sessions(self._sweeper, now)
        await self._budgets.delete_full(full_before=now - _BUDGET_MARGIN, limit=_BUDGETS_A_SWEEP)
        if self._events is not None:
            await self._events.delete_before(now - self._event_lifetime, limit=_EVENTS_A_SWEEP)

    async def _sweep_sessions(self, sweeper: SessionSweeper, now: float) -> None:
        forget_before = now - self._access_tokens.memory_of_revocations()
        await sweeper.erase_salts(rotated_before=now - self._session_policy.salt_lifetime(), limit=_SALTS_A_SWEEP)
        await sweeper.delete_ended(expired_before=forget_before, revoked_before=forget_before, limit=_SESSIONS_A_SWEEP)
