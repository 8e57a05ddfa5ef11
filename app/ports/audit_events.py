"""The audit events that are kept."""

from collections.abc import Sequence
from typing import Protocol

from ..domain.model.identifiers import SessionId, Subject
from ..domain.model.kept_event import KeptEvent


class AuditEventRepository(Protocol):
    """Keeps audit events for a while. Every method raises ``StoreUnavailable`` when the store does not answer. Times
    are seconds since the epoch.
    """

    async def append(self, events: Sequence[KeptEvent]) -> None:
        """Keep all of them, or none; one whose ``event_id`` is there already is not kept again."""
        ...

    async def of_session(self, session_id: SessionId) -> Sequence[KeptEvent]:
        """Return the events of a session, the earliest first."""
        ...

    async def of_subject(self, subject: Subject, *, since: float, until: float) -> Sequence[KeptEvent]:
        """Return the events of a subject that belong to no session, from ``since`` to ``until``, the earliest first."""
        ...

    async def delete_before(self, moment: float, *, limit: int) -> int:
        """Delete at most ``limit`` events from before ``moment``; return how many. Several instances may do so at
        once.
        """
        ...
