"""The audit events that are kept."""

from collections.abc import Collection, Sequence
from typing import Protocol

from ..domain.audit.record import AuditRecord
from ..domain.identifiers import SessionId, Subject


class AuditRecordRepository(Protocol):
    """Keeps audit events for a while. Every method raises ``StoreUnavailable`` when the store does not answer. Times
    are seconds since the epoch.
    """

    async def append(self, events: Sequence[AuditRecord]) -> None:
        """Keep all of them, or none; one whose ``event_id`` is there already is not kept again."""
        ...

    async def list_for_session(self, session_id: SessionId, *, limit: int) -> Sequence[AuditRecord]:
        """Return the last ``limit`` events of a session, the earliest first."""
        ...

    async def list_for_subject(
        self, subject: Subject | None, *, names: Collection[str], since: float, until: float, limit: int
    ) -> Sequence[AuditRecord]:
        """Return the last ``limit`` events of these names that are about a subject, or with ``None`` about no subject,
        and about no session, from ``since`` to ``until``, the earliest first.
        """
        ...

    async def delete_before(self, moment: float, *, limit: int) -> int:
        """Delete at most ``limit`` events from before ``moment``; return how many. Several instances may do so at
        once.
        """
        ...
