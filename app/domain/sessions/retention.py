"""Retention: delete expired data in small steps."""

from typing import Final

from ...ports.audit_record_repository import AuditRecordRepository
from ...ports.clock import Clock
from ...ports.rate_limit_repository import RateLimitRepository
from ...ports.session_sweeper import SessionSweeper
from ..tokens.policy import STORED_REVOCATION_SECONDS, AccessTokenPolicy
from ..tokens.revocation_list import RevocationList
from .session import SessionPolicy
from .session_limit import SessionLimit

_MAX_SESSIONS: Final = 1_000
_MAX_ERASED: Final = 10_000
_MAX_CUT_OFF: Final = 1_000
_MAX_RECORDS: Final = 1_000
_MAX_RATE_LIMITS: Final = 1_000
"""Limits of one sweep: the sessions that it checks, and the rows of each other kind that it changes."""

_CLOCK_MARGIN: Final = 60
"""Seconds. The clocks of two instances differ by less."""


class Retention:
    """Deletes ended sessions, old revocations, full rate limits and old audit records; erases replaced secrets after
    the replay window; ends the sessions of users who have too many.

    ``sweeper`` is ``None`` for a store that deletes sessions and replaced secrets by itself. ``audit_records`` is
    ``None`` if the database stores no audit records. A record is stored for ``record_lifetime`` seconds.
    """

    def __init__(
        self,
        *,
        sweeper: SessionSweeper | None,
        session_limit: SessionLimit,
        rate_limits: RateLimitRepository,
        revoked: RevocationList,
        clock: Clock,
        access_tokens: AccessTokenPolicy,
        session_policy: SessionPolicy,
        audit_records: AuditRecordRepository | None,
        record_lifetime: float,
    ) -> None:
        self._sweeper = sweeper
        self._session_limit = session_limit
        self._rate_limits = rate_limits
        self._revoked = revoked
        self._clock = clock
        self._access_tokens = access_tokens
        self._session_policy = session_policy
        self._audit_records = audit_records
        self._record_lifetime = record_lifetime

    async def sweep(self) -> None:
        """Delete a limited number of old rows, and erase a limited number of replaced secrets; raises
        ``StoreUnavailable``.

        Call this every second: then each replaced secret is erased within a minute after one further window. An ended
        session is deleted when no instance that starts now needs to know that it was revoked. Sessions come first,
        because the audit records may be in another store, which may not answer.
        """
        now = self._clock.now()
        self._revoked.forget(revoked_before=now - self._access_tokens.memory_of_revocations())
        if self._sweeper is not None:
            await self._sweep_sessions(self._sweeper, now)
        await self._session_limit.enforce_next_page()
        await self._rate_limits.delete_full(full_before=now - _CLOCK_MARGIN, limit=_MAX_RATE_LIMITS)
        if self._audit_records is not None:
            await self._audit_records.delete_before(now - self._record_lifetime, limit=_MAX_RECORDS)

    async def _sweep_sessions(self, sweeper: SessionSweeper, now: float) -> None:
        before = now - STORED_REVOCATION_SECONDS
        await sweeper.erase_replaced(rotated_before=now - self._session_policy.replaced_lifetime(), limit=_MAX_ERASED)
        await sweeper.revoke_cut_off(limit=_MAX_CUT_OFF)
        await sweeper.delete_ended(expired_before=before, revoked_before=before, limit=_MAX_SESSIONS)
