"""Audit records in a database."""

from collections.abc import Collection, Sequence
from typing import Protocol

from ..domain.audit.record import AuditRecord
from ..domain.identifiers import SessionId, Subject


class AuditRecordRepository(Protocol):
    """Stores audit records. Each method raises ``StoreUnavailable`` when the store does not answer. Times are seconds
    since the epoch.
    """

    async def append(self, events: Sequence[AuditRecord]) -> None:
        """Store all ``events`` or none of them. An event whose ``event_id`` is already stored is not stored again."""
        ...

    async def list_for_session(self, session_id: SessionId, *, limit: int) -> Sequence[AuditRecord]:
        """Return the last ``limit`` events of a session, the earliest first."""
        ...

    async def list_for_subject(
        self, subject: Subject | None, *, names: Collection[str], since: float, until: float, limit: int
    ) -> Sequence[AuditRecord]:
        """Return the last ``limit`` events of ``subject`` that have one of ``names`` and belong to no session, from
        ``since`` to ``until``, the earliest first. ``None`` stands for events without a subject.
        """
        ...

    async def delete_before(self, moment: float, *, limit: int) -> int:
        """Delete at most ``limit`` events from before ``moment``; return how many. Several instances may do this at
        once.
        """
        ...
