"""The contract of an audit record repository (``app.ports.audit_record_repository``)."""

import asyncio
from typing import Any

import pytest

from ..domain.audit.record import AuditRecord
from ..domain.identifiers import ClientId, SessionId, Subject
from ..ports.audit_record_repository import AuditRecordRepository
from .kit import CONNECTIONS, PAGE, Counts, RepositoryContract
from .sentences import only_errors_of_the_port

NOW = 1_800_000_000.015625
ALL = 9_999
"""A limit that no test reaches."""
SESSION = SessionId(bytes(15) + b"\x01")
ALICE = Subject("subject-1")


def new_record(number: int = 1, **changes: Any) -> AuditRecord:
    """Return a record. Its id and its time depend on ``number``."""
    fields: dict[str, Any] = {
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
    return AuditRecord(**fields | changes)


async def list_for_subject(
    repository: AuditRecordRepository, subject: Subject | None, **arguments: Any
) -> list[AuditRecord]:
    """Return the records of a subject. The default arguments select all with the name of ``new_record``."""
    defaults: dict[str, Any] = {"names": ["token_refreshed"], "since": 0.0, "until": NOW + 99, "limit": ALL}
    return list(await repository.list_for_subject(subject, **defaults | arguments))


RECORDS = {
    "plain": new_record(),
    "without a request": new_record(request_id="", address=""),
    "with many details": new_record(details={"a": None, "b": True, "c": 1.5, "d": "\u2028\r\n\x1b[31m\0'\";--ü🦊"}),
    "without a client": new_record(client_id=None),
}


class AuditRecordBehaviour(RepositoryContract[AuditRecordRepository]):
    """Every method does what its docstring says."""

    @pytest.mark.parametrize("record", RECORDS.values(), ids=RECORDS)
    async def test_record_is_returned_as_appended(self, repository: AuditRecordRepository, record: AuditRecord) -> None:
        """Every member is returned with its value and type."""
        await repository.append([record])
        [found] = await repository.list_for_session(SESSION, limit=ALL)
        assert found == record, "list_for_session returned another record than append stored"
        assert {name: type(value) for name, value in found.details.items()} == {
            name: type(value) for name, value in record.details.items()
        }, "a detail of the record came back with another type"

    async def test_records_of_a_session_are_listed_in_order_of_time(self, repository: AuditRecordRepository) -> None:
        """The order is that of time, not of the calls. Records of other sessions are left out."""
        other = SessionId(bytes(16))
        await repository.append([new_record(number) for number in (3, 1)])
        await repository.append([new_record(2), new_record(9, session_id=other), new_record(8, session_id=None)])
        assert list(await repository.list_for_session(SESSION, limit=ALL)) == [
            new_record(1),
            new_record(2),
            new_record(3),
        ], "list_for_session did not return exactly the records of the session, the earliest first"
        assert list(await repository.list_for_session(SessionId(bytes([255] * 16)), limit=ALL)) == [], (
            "list_for_session returned records of a session that has none"
        )

    async def test_list_for_subject_leaves_out_records_of_sessions(self, repository: AuditRecordRepository) -> None:
        """The list has the records of the subject between two moments, both included, and none that belong to a
        session.
        """
        own = [new_record(number, session_id=None) for number in range(1, 6)]
        await repository.append(
            [*reversed(own), new_record(7), new_record(8, session_id=None, subject=Subject("SUBJECT-1"))]
        )
        assert await list_for_subject(repository, ALICE, since=NOW + 2, until=NOW + 4) == own[1:4], (
            "list_for_subject did not return the records from since to until, both included"
        )
        assert await list_for_subject(repository, ALICE) == own, (
            "list_for_subject did not return exactly the subject's records that have no session"
        )
        assert await list_for_subject(repository, Subject("nobody")) == [], (
            "list_for_subject returned records of another subject"
        )

    async def test_list_for_no_subject_leaves_out_records_of_subjects(self, repository: AuditRecordRepository) -> None:
        """Records without a subject and without a session are listed apart from all others."""
        common = [new_record(number, session_id=None, subject=None) for number in (1, 2)]
        await repository.append([*common, new_record(3, session_id=None), new_record(4, subject=None)])
        assert await list_for_subject(repository, None) == common, (
            "list_for_subject(None) did not return exactly the records without a subject and without a session"
        )

    async def test_list_for_subject_filters_by_name(self, repository: AuditRecordRepository) -> None:
        """Only records with the given names are listed. An empty collection of names gives an empty list."""
        named = [new_record(number, session_id=None, name=name) for number, name in enumerate(("a", "b", "c", "a"))]
        await repository.append(named)
        assert await list_for_subject(repository, ALICE, names=["a", "c"]) == [
            named[0],
            named[2],
            named[3],
        ], "list_for_subject did not return exactly the records with the given names"
        assert await list_for_subject(repository, ALICE, names=[]) == [], (
            "list_for_subject returned records although no names were given"
        )

    async def test_list_named_has_records_with_and_without_sessions(self, repository: AuditRecordRepository) -> None:
        """The latest records of one subject with one name are listed, the earliest of them first."""
        own = [new_record(number, session_id=SESSION if number % 2 else None) for number in range(1, 6)]
        others = [
            new_record(6, name="another"),
            new_record(7, subject=None),
            new_record(8, subject=Subject("SUBJECT-1")),
        ]
        await repository.append([*reversed(own), *others])
        assert list(await repository.list_named(ALICE, "token_refreshed", limit=ALL)) == own, (
            "list_named did not return exactly the subject's records of this name, the earliest first"
        )
        assert list(await repository.list_named(ALICE, "token_refreshed", limit=2)) == own[3:], (
            "list_named with a limit did not return the latest records"
        )
        assert list(await repository.list_named(Subject("nobody"), "token_refreshed", limit=ALL)) == [], (
            "list_named returned records of another subject"
        )

    async def test_limit_keeps_the_latest_records(self, repository: AuditRecordRepository) -> None:
        """With more records than the limit, the latest are returned, the earliest of them first."""
        await repository.append([new_record(number) for number in range(1, 6)])
        assert list(await repository.list_for_session(SESSION, limit=2)) == [new_record(4), new_record(5)], (
            "list_for_session with a limit did not return the latest records, the earliest of them first"
        )
        own = [new_record(number, session_id=None) for number in range(6, 9)]
        await repository.append(own)
        assert await list_for_subject(repository, ALICE, limit=2) == own[1:], (
            "list_for_subject with a limit did not return the latest records, the earliest of them first"
        )

    async def test_lists_go_beyond_a_page_of_the_store(self, repository: AuditRecordRepository) -> None:
        """More records than a store reads at once are listed in one call, if the limit allows it."""
        await repository.append([new_record(number) for number in range(PAGE)])
        await repository.append([new_record(number, session_id=None) for number in range(PAGE, 2 * PAGE)])
        listed = await repository.list_for_session(SESSION, limit=ALL)
        assert len(listed) == PAGE, f"list_for_session returned {len(listed)} of {PAGE} records: it stops at a page"
        listed = await list_for_subject(repository, ALICE, until=NOW + ALL)
        assert len(listed) == PAGE, f"list_for_subject returned {len(listed)} of {PAGE} records: it stops at a page"

    async def test_record_with_a_known_id_is_ignored(self, repository: AuditRecordRepository) -> None:
        """A record that is appended again, with others, stays as it was first."""
        await repository.append([new_record(1), new_record(2)])
        await repository.append([new_record(2, name="another"), new_record(3)])
        assert list(await repository.list_for_session(SESSION, limit=ALL)) == [
            new_record(1),
            new_record(2),
            new_record(3),
        ], "append replaced a record whose event_id was stored already, or dropped a new one beside it"

    async def test_append_accepts_an_empty_list(self, repository: AuditRecordRepository) -> None:
        """``append`` of an empty list does nothing."""
        with only_errors_of_the_port("audit_records.append", "for an empty list"):
            await repository.append([])
        assert list(await repository.list_for_session(SESSION, limit=ALL)) == [], (
            "append of an empty list stored something"
        )

    async def test_delete_before_stops_at_the_limit(self, repository: AuditRecordRepository) -> None:
        """At most ``limit`` records from before the moment are deleted in one call. The others stay."""
        await repository.append([new_record(number) for number in range(1, 8)])
        assert await repository.delete_before(NOW + 6, limit=3) == 3, "delete_before did not stop at its limit"
        assert await repository.delete_before(NOW + 6, limit=3) == 2, (
            "delete_before did not delete the rest in the second call"
        )
        assert await repository.delete_before(NOW + 6, limit=3) == 0, (
            "delete_before deleted records that are not older than the moment"
        )
        assert list(await repository.list_for_session(SESSION, limit=ALL)) == [new_record(6), new_record(7)], (
            "delete_before left other records than those from the moment on"
        )

    async def test_trim_keeps_the_latest_records(self, repository: AuditRecordRepository) -> None:
        """Of the records of one subject with one name, with and without a session, the latest stay."""
        records = [new_record(number, session_id=SESSION if number % 2 else None) for number in range(1, 8)]
        await repository.append([*reversed(records)])
        assert await repository.trim(ALICE, "token_refreshed", keep=3, limit=ALL) == 4, (
            "trim did not delete all but the latest records"
        )
        assert list(await repository.list_for_session(SESSION, limit=ALL)) == [records[4], records[6]], (
            "trim did not keep the latest records of the session"
        )
        assert await list_for_subject(repository, ALICE) == [records[5]], (
            "trim did not keep the latest record without a session"
        )
        assert await repository.trim(ALICE, "token_refreshed", keep=3, limit=ALL) == 0, (
            "trim deleted records although no more than keep were left"
        )
        assert await repository.trim(ALICE, "token_refreshed", keep=4, limit=ALL) == 0, (
            "trim deleted records although fewer than keep were left"
        )

    async def test_trim_leaves_other_names_and_subjects(self, repository: AuditRecordRepository) -> None:
        """However many records of one kind there are, those of other names and subjects stay, also if they are older.
        Records without a subject are of no subject.
        """
        revoked = new_record(1, name="session_was_revoked")
        others = [new_record(2, subject=None), new_record(3, subject=Subject("SUBJECT-1")), new_record(4, name="noise")]
        noise = [new_record(number, name="noise", session_id=None) for number in range(5, 15)]
        await repository.append([revoked, *others, *noise])
        assert await repository.trim(ALICE, "noise", keep=2, limit=ALL) == 9, (
            "trim did not delete exactly the oldest records of this name and subject"
        )
        assert await repository.trim(None, "noise", keep=1, limit=ALL) == 0, (
            "trim(None) counted records of subjects as records without a subject"
        )
        assert list(await repository.list_for_session(SESSION, limit=ALL)) == [revoked, *others[:2]], (
            "trim deleted records of another name or subject"
        )
        assert await list_for_subject(repository, ALICE, names=["noise"]) == noise[-2:], (
            "trim did not keep the latest records of the name"
        )

    async def test_trim_without_subject(self, repository: AuditRecordRepository) -> None:
        """Records without a subject have a bound together. Those of subjects do not count."""
        records = [new_record(number, subject=None, session_id=None) for number in range(1, 6)]
        await repository.append([*records, *[new_record(number) for number in range(6, 10)]])
        assert await repository.trim(None, "token_refreshed", keep=2, limit=ALL) == 3, (
            "trim(None) did not delete the oldest records without a subject"
        )
        assert await list_for_subject(repository, None) == records[3:], (
            "trim(None) did not keep the latest records without a subject"
        )
        assert len(await repository.list_for_session(SESSION, limit=ALL)) == 4, (
            "trim(None) deleted records of a subject"
        )

    async def test_trim_stops_at_the_limit(self, repository: AuditRecordRepository) -> None:
        """One call deletes at most ``limit`` records, the oldest first."""
        records = [new_record(number) for number in range(1, 9)]
        await repository.append(records)
        assert await repository.trim(ALICE, "token_refreshed", keep=2, limit=4) == 4, "trim did not stop at its limit"
        assert list(await repository.list_for_session(SESSION, limit=ALL)) == records[4:], (
            "trim did not delete the oldest records first"
        )
        assert await repository.trim(ALICE, "token_refreshed", keep=2, limit=4) == 2, (
            "the second call of trim did not delete the rest"
        )
        assert list(await repository.list_for_session(SESSION, limit=ALL)) == records[6:], (
            "trim did not keep exactly the latest records"
        )

    async def test_every_connection_sees_acknowledged_changes(self) -> None:
        """Each read sees the acknowledged changes of every connection."""
        one, other = await self.connections(2)
        await one.append([new_record()])
        assert list(await other.list_for_session(SESSION, limit=ALL)) == [new_record()], (
            "a connection does not see the record that another one appended"
        )
        assert await other.delete_before(NOW + 2, limit=9) == 1, (
            "delete_before does not see the record that another connection appended"
        )
        assert list(await one.list_for_session(SESSION, limit=ALL)) == [], (
            "a connection returns a record that another one deleted: a cache keeps it"
        )


class AuditRecordConcurrency(RepositoryContract[AuditRecordRepository]):
    """Racing acts of several instances."""

    @pytest.mark.proof("stores")
    async def test_racing_appends_keep_each_record_once(self, proof: Counts) -> None:
        """Racing batches that overlap are all stored, each record once."""
        connections = await self.connections(CONNECTIONS)
        for round_ in range(proof.count("rounds of batches that overlap", small=3, full=50)):
            first = 1 + round_ * 100
            session = SessionId(first.to_bytes(16, "big"))
            batches = [
                [new_record(first + place + number, session_id=session) for number in range(20)]
                for place in range(0, 10 * CONNECTIONS, 10)
            ]
            await asyncio.gather(
                *(connection.append(batch) for connection, batch in zip(connections, batches, strict=True))
            )
            stored = await connections[-1].list_for_session(session, limit=ALL)
            assert [each.event_id for each in stored] == sorted(
                {each.event_id for batch in batches for each in batch}
            ), "racing calls of append lost a record, or stored one twice"

    async def test_racing_trims_keep_the_latest_records(self) -> None:
        """Racing calls, while others append, count each deleted record once, and delete none of the latest."""
        connections = await self.connections(CONNECTIONS)
        await connections[0].append([new_record(number) for number in range(100)])
        newer = [[new_record(number)] for number in range(100, 100 + CONNECTIONS)]
        deleted = await asyncio.gather(
            *(each.append(batch) for each, batch in zip(connections, newer, strict=True)),
            *(each.trim(ALICE, "token_refreshed", keep=30, limit=10) for each in connections),
        )
        count = sum(filter(None, deleted))
        while round_ := sum(
            await asyncio.gather(*(each.trim(ALICE, "token_refreshed", keep=30, limit=10) for each in connections))
        ):
            count += round_
        kept = [new_record(number) for number in range(70 + CONNECTIONS, 100 + CONNECTIONS)]
        assert list(await connections[-1].list_for_session(SESSION, limit=ALL)) == kept, (
            "racing calls of trim deleted one of the latest records, or left an older one"
        )
        assert count == 70 + CONNECTIONS, "racing calls of trim did not count each deleted record exactly once"

    async def test_racing_deletes_count_each_record_once(self) -> None:
        """Racing calls count each deleted record once, and together delete all."""
        connections = await self.connections(CONNECTIONS)
        await connections[0].append([new_record(number) for number in range(200)])
        deleted = 0
        while round_ := sum(await asyncio.gather(*(each.delete_before(NOW + 999, limit=30) for each in connections))):
            deleted += round_
        assert deleted == 200, "racing calls of delete_before did not count each deleted record exactly once"
        assert list(await connections[0].list_for_session(SESSION, limit=ALL)) == [], (
            "racing calls of delete_before left records that they should delete"
        )


class AuditRecordRepositoryContract(AuditRecordBehaviour, AuditRecordConcurrency):
    """All tiers."""
