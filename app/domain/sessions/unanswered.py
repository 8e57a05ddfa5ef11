"""Revocations of this instance whose result is unknown, because the store did not answer in time."""

from collections.abc import Iterable
from typing import Final

from ...ports.audit_trail import AuditTrail
from ...ports.session_repository import SessionRepository
from ..audit.events import SessionWasRevoked
from ..identifiers import SessionId
from ..tokens.revoked_session import RevokedSession

_MAX_TIMES: Final = 1_000


class UnansweredRevocations:
    """Records the audit events of revocations that turn out to be committed after all.

    A revocation is known by its time, which no other act has. At most 1,000 times are kept.
    """

    def __init__(self, *, sessions: SessionRepository, audit: AuditTrail) -> None:
        self._sessions = sessions
        self._audit = audit
        self._recorded: dict[float, set[SessionId]] = {}

    def add(self, revoked_at: float) -> None:
        """Keep the time of a revocation whose result is unknown."""
        self._recorded[revoked_at] = set()
        if len(self._recorded) > _MAX_TIMES:
            del self._recorded[next(iter(self._recorded))]

    def remove(self, revoked_at: float) -> None:
        """Forget the time of a revocation whose result is known by now."""
        self._recorded.pop(revoked_at, None)

    async def record_committed(self, revoked: Iterable[RevokedSession]) -> None:
        """Record an event for each of the sessions ``revoked`` that this instance revoked without an answer.

        Raises ``StoreUnavailable``; the same call can be repeated.
        """
        if not self._recorded:
            return
        for each in revoked:
            recorded = self._recorded.get(each.revoked_at)
            if recorded is None or each.session_id in recorded:
                continue
            session = await self._sessions.find(each.session_id)
            if session is not None and session.revoked_because is not None:
                facts = session.event_facts(each.revoked_at)
                self._audit.record(SessionWasRevoked(**facts, reason=session.revoked_because))
            recorded.add(each.session_id)
