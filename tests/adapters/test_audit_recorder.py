"""The audit recorder logs each event at once and saves its record a moment later."""

import asyncio
import json
import logging
import time
from collections.abc import Iterator, Mapping, Sequence

import pytest

from app.adapters.memory.audit_records import MemoryAuditRecordRepository
from app.adapters.request_context import ADDRESS, REQUEST_ID
from app.adapters.telemetry.audit_recorder import MAX_WAITING, AuditRecorder
from app.domain.audit.event_counts import EVENT_COUNTS
from app.domain.audit.events import LoginFailed, SessionWasRevoked, TokenRefreshed
from app.domain.audit.record import MAX_OF_SUBJECT, AuditRecord
from app.domain.errors import StoreUnavailable
from app.domain.identifiers import ClientId, SessionId, Subject
from app.domain.sessions.session import RevocationReason
from app.service import open_stores
from app.service.open_stores import save_last_records
from tests.http.log_lines import LogLines, only_handler

SESSION = SessionId(bytes(16))
HOSTILE = 'x"}\r\n{"logger": "keyturn.audit"}\x1b[31m\u2028\u2029\0' + "y" * 5_000


class Records(MemoryAuditRecordRepository):
    """A repository that can be ``down``, and lists the sizes of its batches."""

    def __init__(self) -> None:
        super().__init__()
        self.down = False
        self.batches: list[int] = []

    async def append(self, records: Sequence[AuditRecord]) -> None:
        if self.down:
            raise StoreUnavailable
        self.batches.append(len(records))
        await super().append(records)


def refreshed(generation: int) -> TokenRefreshed:
    """Return an event of the session."""
    return TokenRefreshed(
        at=float(generation), session_id=SESSION, subject=Subject("s"), client_id=ClientId("c"), generation=generation
    )


def _warnings(log: LogLines) -> list[int]:
    """Return the numbers of events in the warnings."""
    return [each["events"] for each in log.of("keyturn.audit") if each["level"] == "warning"]


@pytest.fixture
def records() -> Records:
    """Return an empty repository."""
    return Records()


@pytest.fixture
def log() -> Iterator[LogLines]:
    """Return the lines of the log."""
    lines = LogLines()
    logger = logging.getLogger("keyturn.audit")
    logger.setLevel(logging.INFO)
    with only_handler(lines, "keyturn.audit"):
        yield lines
    logger.setLevel(logging.NOTSET)


async def test_an_event_is_logged_at_once_and_saved_later(records: Records, log: LogLines) -> None:
    """Recording an event logs it and does not call the database; ``save`` saves each record once, in batches."""
    recorder = AuditRecorder(records=records)
    for generation in range(1_200):
        recorder.record(refreshed(generation))
    assert (len(log.lines), records.batches) == (1_200, [])
    await recorder.save()
    await recorder.save()
    assert (max(records.batches), sum(records.batches)) == (128, 1_200)
    assert [each.details["generation"] for each in await records.list_for_session(SESSION, limit=9_999)] == [
        *range(1_200)
    ]


async def test_a_record_names_its_request(records: Records) -> None:
    """A record has the id of the request and the address of the client; the address of the event itself goes first."""
    recorder = AuditRecorder(records=records)
    tokens = REQUEST_ID.set("request-1"), ADDRESS.set("192.0.2.1")
    recorder.record(
        SessionWasRevoked(
            at=1.0,
            session_id=SESSION,
            subject=Subject("s"),
            client_id=ClientId("c"),
            reason=RevocationReason.REUSE,
        )
    )
    recorder.record(LoginFailed(at=2.0, reason="wrong_password", subject=Subject("s"), address="192.0.2.2"))
    REQUEST_ID.reset(tokens[0])
    ADDRESS.reset(tokens[1])
    await recorder.save()
    [revoked] = await records.list_for_session(SESSION, limit=9_999)
    [failed] = await records.list_for_subject(Subject("s"), names=["login_failed"], since=0.0, until=9.0, limit=9)
    assert (revoked.name, revoked.request_id, revoked.address) == ("session_was_revoked", "request-1", "192.0.2.1")
    assert revoked.details == {"reason": "reuse"}
    assert (failed.name, failed.request_id, failed.address) == ("login_failed", "request-1", "192.0.2.2")


async def test_an_outage_of_the_database_loses_nothing(records: Records) -> None:
    """Records that could not be saved wait in their order, before newer ones."""
    recorder = AuditRecorder(records=records)
    recorder.record(refreshed(1))
    records.down = True
    with pytest.raises(StoreUnavailable):
        await recorder.save()
    recorder.record(refreshed(2))
    records.down = False
    await recorder.save()
    assert [each.details["generation"] for each in await records.list_for_session(SESSION, limit=9_999)] == [1, 2]


async def test_the_queue_is_bounded(records: Records, log: LogLines) -> None:
    """A full queue drops the oldest records; the log says how many, and has every event."""
    recorder = AuditRecorder(records=records)
    for generation in range(MAX_WAITING + 3):
        recorder.record(refreshed(generation))
    records.down = True
    with pytest.raises(StoreUnavailable):
        await recorder.save()
    recorder.record(refreshed(MAX_WAITING + 3))
    assert recorder.waiting == MAX_WAITING
    records.down = False
    await recorder.save()
    assert sum(records.batches) == MAX_WAITING
    assert _warnings(log) == [3, 1]


async def test_the_last_records_are_saved_or_counted(records: Records, log: LogLines) -> None:
    """An instance that ends saves the waiting records, or logs how many it could not save."""
    recorder = AuditRecorder(records=records)
    recorder.record(refreshed(1))
    await save_last_records(recorder)
    assert (recorder.waiting, len(await records.list_for_session(SESSION, limit=9_999))) == (0, 1)
    recorder.record(refreshed(2))
    records.down = True
    await save_last_records(recorder)
    assert recorder.waiting == 1
    assert _warnings(log) == [1]


class SlowRecords(Records):
    """A repository that waits for ``released`` before it saves anything."""

    def __init__(self) -> None:
        super().__init__()
        self.called, self.released = asyncio.Event(), asyncio.Event()

    async def append(self, records: Sequence[AuditRecord]) -> None:
        self.called.set()
        await self.released.wait()
        await super().append(records)


async def test_a_cancelled_batch_is_saved_at_the_end() -> None:
    """A batch whose task was cancelled is saved by the last round."""
    records = SlowRecords()
    recorder = AuditRecorder(records=records)
    recorder.record(refreshed(1))
    saving = asyncio.create_task(recorder.save())
    await records.called.wait()
    saving.cancel()
    await asyncio.wait([saving])
    assert recorder.waiting == 1
    records.released.set()
    await save_last_records(recorder)
    assert (recorder.waiting, len(await records.list_for_session(SESSION, limit=9))) == (0, 1)


async def test_the_end_does_not_wait_for_a_hanging_database(log: LogLines, monkeypatch: pytest.MonkeyPatch) -> None:
    """After a time limit, the log says how many records were not saved."""
    monkeypatch.setattr(open_stores, "_LAST_SAVE_SECONDS", 0.0)
    recorder = AuditRecorder(records=SlowRecords())
    recorder.record(refreshed(1))
    await save_last_records(recorder)
    assert _warnings(log) == [1]


async def test_a_record_dropped_while_it_is_saved_is_not_counted(log: LogLines) -> None:
    """Records that the queue drops while their batch is saved are in the database, and the log has no warning."""
    records = SlowRecords()
    recorder = AuditRecorder(records=records)
    for generation in range(MAX_WAITING):
        recorder.record(refreshed(generation))
    saving = asyncio.create_task(recorder.save())
    await records.called.wait()
    for generation in range(5):
        recorder.record(refreshed(MAX_WAITING + generation))
    records.released.set()
    await saving
    assert (recorder.waiting, sum(records.batches), _warnings(log)) == (0, MAX_WAITING + 5, [])


async def test_without_a_database_events_are_only_logged(log: LogLines) -> None:
    """No records wait."""
    recorder = AuditRecorder(records=None)
    recorder.record(refreshed(1))
    await recorder.save()
    assert (len(log.lines), recorder.waiting) == (1, 0)


async def test_hostile_text_stays_in_its_field(records: Records, log: LogLines) -> None:
    """Any text is part of one line of ASCII JSON in the log, and is cut after 255 characters."""
    recorder = AuditRecorder(records=records)
    recorder.record(LoginFailed(at=1.0, reason=HOSTILE, subject=Subject("s"), address=HOSTILE))
    await recorder.save()
    [line] = log.lines
    assert line.isascii()
    assert len(line.splitlines()) == 1
    assert json.loads(line)["reason"] == HOSTILE[:255]
    [record] = await records.list_for_subject(Subject("s"), names=["login_failed"], since=0.0, until=9.0, limit=9)
    assert (record.details["reason"], record.address) == (HOSTILE[:255], HOSTILE[:255])


async def test_each_user_has_a_bounded_number_of_records(records: Records) -> None:
    """Whatever is recorded about a user, a bounded number of each kind of event is kept, the newest ones."""
    recorder = AuditRecorder(records=records)
    for number in range(MAX_OF_SUBJECT + 4_000):
        recorder.record(refreshed(number))
    await recorder.save()
    kept = await records.list_for_session(SESSION, limit=99_999)
    assert MAX_OF_SUBJECT <= len(kept) <= MAX_OF_SUBJECT + 1_500
    assert kept[-1].details["generation"] == MAX_OF_SUBJECT + 3_999


def failed(at: float) -> LoginFailed:
    """Return a refused sign-in of nobody."""
    return LoginFailed(at=at, reason="unknown_user", subject=None, address="")


async def counted(records: Records) -> dict[float, Mapping[str, object]]:
    """Return the counts of the minutes that are stored."""
    found = await records.list_for_subject(None, names=[EVENT_COUNTS], since=0.0, until=9e9, limit=99)
    return {each.at: each.details for each in found}


async def test_sign_ins_are_counted_when_their_minute_is_over(records: Records) -> None:
    """The counts of a minute are one record, whatever its number of events. The end stores those of the present minute,
    and refreshes are not counted.
    """
    recorder = AuditRecorder(records=records)
    now = time.time() // 60 * 60 + 3_600
    for at in (0.0, 59.0, 60.0, now):
        recorder.record(failed(at))
    recorder.record(refreshed(1))
    await recorder.save()
    assert await counted(records) == {0.0: {"login_failed": 2}, 60.0: {"login_failed": 1}}
    await save_last_records(recorder)
    assert await counted(records) == {0.0: {"login_failed": 2}, 60.0: {"login_failed": 1}, now: {"login_failed": 1}}


async def test_counts_wait_for_the_database(records: Records, log: LogLines) -> None:
    """Counts that could not be saved are saved later, once. They are no events that are only in the log."""
    recorder = AuditRecorder(records=records)
    recorder.record(failed(0.0))
    records.down = True
    for _ in range(3):
        with pytest.raises(StoreUnavailable):
            await recorder.save()
    await save_last_records(recorder)
    assert _warnings(log) == [1]
    records.down = False
    await recorder.save()
    assert await counted(records) == {0.0: {"login_failed": 1}}
