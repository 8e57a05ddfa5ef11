"""The contract of an audit event repository (``app.ports.audit_events``)."""

import asyncio
from collections.abc import Sequence
from typing import Any

import pytest
import pytest_asyncio

from ..domain.audit.record import AuditRecord
from ..domain.identifiers import ClientId, SessionId, Subject
from ..ports.audit_record_repository import AuditRecordRepository
from .counts import CONNECTIONS, Counts

NOW = 1_800_000_000.015625
MOST = 9_999
SESSION = SessionId(bytes(15) + b"\x01")
ALICE = Subject("subject-1")


def new_event(number: int = 1, **changes: Any) -> AuditRecord:
    """Return an event; ``number`` makes its id and its time."""
    event: dict[str, Any] = {
        "event_id": f"event-{number:08}",
        "at": NOW + number,
        "name": "token_refreshed",
        "request_id": "0123456789abcdef",
        "address": "192.0.2.1",
        "session_id": SESSION,
        "subject": ALICE,
        "client_id": ClientId("first-party"),
        "details": {"generation": number},
    }
    return AuditRecord(**event | changes)


async def list_for_subject(events: AuditRecordRepository, subject: Subject | None, **asked: Any) -> list[AuditRecord]:
    """Return the events of a subject: all of the usual name, unless something else is asked for."""
    everything: dict[str, Any] = {"names": ["token_refreshed"], "since": 0.0, "until": NOW + 99, "limit": MOST}
    return list(await events.list_for_subject(subject, **everything | asked))


EVENTS = {
    "plain": new_event(),
    "without a request": new_event(request_id="", address=""),
    "of many details": new_event(details={"a": None, "b": True, "c": 1.5, "d": "\u2028\r\n\x1b[31m\0'\";--ü🦊"}),
    "of no client": new_event(client_id=None),
}


class AuditEventKit:
    """Gives each test a store of its own; an adapter overrides ``connections``."""

    pytestmark = pytest.mark.asyncio

    async def connections(self, n: int) -> Sequence[AuditRecordRepository]:
        """Return ``n`` repositories over one store, which is empty."""
        raise NotImplementedError

    @pytest_asyncio.fixture
    async def events(self) -> AuditRecordRepository:
        """Return the repository of a test that needs one."""
        [events] = await self.connections(1)
        return events


class AuditEventBehaviour(AuditEventKit):
    """Every method does what its docstring says."""

    @pytest.mark.parametrize("event", EVENTS.values(), ids=EVENTS)
    async def test_an_event_comes_back_as_it_was(self, events: AuditRecordRepository, event: AuditRecord) -> None:
        """Whatever its members hold, of the same types."""
        await events.append([event])
        [found] = await events.list_for_session(SESSION, limit=MOST)
        assert found == event
        assert {name: type(value) for name, value in found.details.items()} == {
            name: type(value) for name, value in event.details.items()
        }

    async def test_the_events_of_a_session_are_its_own_in_order(self, events: AuditRecordRepository) -> None:
        """Whatever the order in which they were kept, and whoever else has events of the same time."""
        other = SessionId(bytes(16))
        await events.append([new_event(number) for number in (3, 1)])
        await events.append([new_event(2), new_event(9, session_id=other), new_event(8, session_id=None)])
        assert list(await events.list_for_session(SESSION, limit=MOST)) == [new_event(1), new_event(2), new_event(3)]
        assert list(await events.list_for_session(SessionId(bytes([255] * 16)), limit=MOST)) == []

    async def test_the_events_of_a_subject_are_those_of_no_session(self, events: AuditRecordRepository) -> None:
        """From one moment to another, both included."""
        own = [new_event(number, session_id=None) for number in range(1, 6)]
        await events.append([*reversed(own), new_event(7), new_event(8, session_id=None, subject=Subject("SUBJECT-1"))])
        assert await list_for_subject(events, ALICE, since=NOW + 2, until=NOW + 4) == own[1:4]
        assert await list_for_subject(events, ALICE) == own
        assert await list_for_subject(events, Subject("nobody")) == []

    async def test_the_events_of_no_subject_are_those_of_no_session_too(self, events: AuditRecordRepository) -> None:
        """What concerns everybody is apart from what concerns somebody."""
        everybodys = [new_event(number, session_id=None, subject=None) for number in (1, 2)]
        await events.append([*everybodys, new_event(3, session_id=None), new_event(4, subject=None)])
        assert await list_for_subject(events, None) == everybodys

    async def test_the_events_of_a_subject_have_the_names_that_were_asked_for(
        self, events: AuditRecordRepository
    ) -> None:
        """And no others; of no name there are none."""
        named = [new_event(number, session_id=None, name=name) for number, name in enumerate(("a", "b", "c", "a"))]
        await events.append(named)
        assert await list_for_subject(events, ALICE, names=["a", "c"]) == [
            named[0],
            named[2],
            named[3],
        ]
        assert await list_for_subject(events, ALICE, names=[]) == []

    async def test_the_last_of_a_session_are_returned_and_the_last_of_a_subject(
        self, events: AuditRecordRepository
    ) -> None:
        """Where there are more than were asked for, the latest are returned, the earliest of them first."""
        await events.append([new_event(number) for number in range(1, 6)])
        assert list(await events.list_for_session(SESSION, limit=2)) == [new_event(4), new_event(5)]
        own = [new_event(number, session_id=None) for number in range(6, 9)]
        await events.append(own)
        assert await list_for_subject(events, ALICE, limit=2) == own[1:]

    async def test_an_event_is_kept_once(self, events: AuditRecordRepository) -> None:
        """Sent again after an answer that got lost, with others, it stays as it was."""
        await events.append([new_event(1), new_event(2)])
        await events.append([new_event(2, name="another"), new_event(3)])
        assert list(await events.list_for_session(SESSION, limit=MOST)) == [new_event(1), new_event(2), new_event(3)]

    async def test_nothing_can_be_kept(self, events: AuditRecordRepository) -> None:
        """No events are no fault."""
        await events.append([])
        assert list(await events.list_for_session(SESSION, limit=MOST)) == []

    async def test_old_events_are_deleted_up_to_the_limit(self, events: AuditRecordRepository) -> None:
        """Those from before the moment go, no more of them at once than the limit; the others stay."""
        await events.append([new_event(number) for number in range(1, 8)])
        assert await events.delete_before(NOW + 6, limit=3) == 3
        assert await events.delete_before(NOW + 6, limit=3) == 2
        assert await events.delete_before(NOW + 6, limit=3) == 0
        assert list(await events.list_for_session(SESSION, limit=MOST)) == [new_event(6), new_event(7)]

    async def test_what_one_connection_kept_every_other_sees(self) -> None:
        """Each read sees what was acknowledged, whoever did it."""
        one, other = await self.connections(2)
        await one.append([new_event()])
        assert list(await other.list_for_session(SESSION, limit=MOST)) == [new_event()]
        assert await other.delete_before(NOW + 2, limit=9) == 1
        assert list(await one.list_for_session(SESSION, limit=MOST)) == []


class AuditEventConcurrency(AuditEventKit):
    """What several instances do at once."""

    @pytest.mark.proof("stores")
    async def test_the_same_events_from_many_are_kept_once(self, proof: Counts) -> None:
        """Batches that overlap are all kept, each event once."""
        handles = await self.connections(CONNECTIONS)
        for round_ in range(proof.count("rounds of batches that overlap", small=3, full=50)):
            first = 1 + round_ * 100
            session = SessionId(first.to_bytes(16, "big"))
            batches = [
                [new_event(first + place + number, session_id=session) for number in range(20)]
                for place in range(0, 10 * CONNECTIONS, 10)
            ]
            await asyncio.gather(*(handle.append(batch) for handle, batch in zip(handles, batches, strict=True)))
            kept = await handles[-1].list_for_session(session, limit=MOST)
            assert [each.event_id for each in kept] == sorted({each.event_id for batch in batches for each in batch})

    async def test_many_can_delete_at_once(self) -> None:
        """Each event is counted by one of them, and all are gone in the end."""
        handles = await self.connections(CONNECTIONS)
        await handles[0].append([new_event(number) for number in range(200)])
        deleted = 0
        while round_ := sum(await asyncio.gather(*(each.delete_before(NOW + 999, limit=30) for each in handles))):
            deleted += round_
        assert deleted == 200
        assert list(await handles[0].list_for_session(SESSION, limit=MOST)) == []


class AuditRecordRepositoryContract(AuditEventBehaviour, AuditEventConcurrency):
    """All tiers."""
