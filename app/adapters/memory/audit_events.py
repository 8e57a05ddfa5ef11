"""Audit events in memory."""

from collections import OrderedDict
from collections.abc import Iterable, Sequence
from typing import Final

from ...domain.model.identifiers import SessionId, Subject
from ...domain.model.kept_event import KeptEvent

MOST: Final = 10_000
"""Events that are kept; the eldest goes for the next."""


class MemoryAuditEventRepository:
    """One dictionary. No method awaits anything, so each is atomic on the event loop."""

    def __init__(self) -> None:
        self._events: OrderedDict[str, KeptEvent] = OrderedDict()

    async def append(self, events: Sequence[KeptEvent]) -> None:
        for event in events:
            self._events.setdefault(event.event_id, event)
        while len(self._events) > MOST:
            self._events.popitem(last=False)

    async def of_session(self, session_id: SessionId) -> Sequence[KeptEvent]:
        return _in_order(each for each in self._events.values() if each.session_id == session_id)

    async def of_subject(self, subject: Subject, *, since: float, until: float) -> Sequence[KeptEvent]:
        own = (each for each in self._events.values() if each.subject == subject and each.session_id is None)
        return _in_order(each for each in own if since <= each.at <= until)

    async def delete_before(self, moment: float, *, limit: int) -> int:
        old = [each.event_id for each in self._events.values() if each.at < moment][:limit]
        for event_id in old:
            del self._events[event_id]
        return len(old)


def _in_order(events: Iterable[KeptEvent]) -> Sequence[KeptEvent]:
    return sorted(events, key=lambda each: (each.at, each.event_id))
