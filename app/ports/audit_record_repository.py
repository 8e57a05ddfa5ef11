"""Audit records in a database."""

from collections.abc import Collection, Sequence
from typing import Protocol

from ..domain.audit.record import AuditRecord
from ..domain.identifiers import SessionId, Subject


class AuditRecordRepository(Protocol):
    """Stores audit records. Each method is atomic, and raises ``StoreUnavailable`` if the store does not answer. Times
    are seconds since the epoch.
    """

    async def append(self, records: Sequence[AuditRecord]) -> None:
        """Store all ``records`` or none of them. A record whose ``event_id`` is already stored is ignored."""
        ...

    async def list_for_session(self, session_id: SessionId, *, limit: int) -> Sequence[AuditRecord]:
        """Return the last ``limit`` records of a session, the earliest first."""
        ...

    async def list_for_subject(
        self, subject: Subject | None, *, names: Collection[str], since: float, until: float, limit: int
    ) -> Sequence[AuditRecord]:
        """Return the last ``limit`` records of ``subject`` that have one of ``names`` and no session, from ``since`` to
        ``until`` (both included), the earliest first. If ``subject`` is ``None``, return records without a subject.
        """
        ...

    async def list_named(self, subject: Subject, name: str, *, limit: int) -> Sequence[AuditRecord]:
        """Return the last ``limit`` records of ``subject`` that have this name, with and without a session, the
        earliest first.
        """
        ...

    async def trim(self, subject: Subject | None, name: str, *, keep: int, limit: int) -> int:
        """Delete the oldest records of ``subject`` named ``name``, at most ``limit``, and none of the ``keep`` latest;
        return how many. If ``subject`` is ``None``, delete records without a subject.

        Records with and without a session count. A record as old as the oldest that is kept stays too. Several
        instances may do this at the same time: each deleted record is counted once.
        """
        ...

    async def delete_before(self, moment: float, *, limit: int) -> int:
        """Delete at most ``limit`` records from before ``moment``; return how many. Several instances may do this at
        the same time: each deleted record is counted once.
        """
        ...
