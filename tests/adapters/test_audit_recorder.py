"""What is recorded is logged at once, and kept a moment later."""

import asyncio
import json
import logging
from collections.abc import Iterator, Sequence

import pytest

from app.adapters.memory.audit_records import MemoryAuditRecordRepository
from app.adapters.request_context import ADDRESS, REQUEST_ID
from app.adapters.telemetry.audit_log import LogAuditTrail
from app.adapters.telemetry.audit_recorder import MOST_WAITING, AuditRecorder
from app.adapters.telemetry.logs import JsonFormatter
from app.domain.audit.events import LoginFailed, SessionWasRevoked, TokenRefreshed
from app.domain.audit.record import AuditRecord
from app.domain.errors import StoreUnavailable
from app.domain.identifiers import ClientId, SessionId, Subject
from app.domain.sessions.session import RevocationReason
from app.service import background
from app.service.background import keep_last_events
from app.testing.audit import FakeAuditTrail
from tests.http.log_lines import LogLines

SESSION = SessionId(bytes(16))
HOSTILE = 'x"}\r\n{"logger": "keyturn.audit"}\x1b[31m\u2028\u2029\0' + "y" * 5_000


class Events(MemoryAuditRecordRepository):
    """Answers unless it is ``down``."""

    def __init__(self) -> None:
        super().__init__()
        self.down = False
        self.batches: list[int] = []

    async def append(self, events: Sequence[AuditRecord]) -> None:
        if self.down:
            raise StoreUnavailable
        self.batches.append(len(events))
        await super().append(events)


def refreshed(generation: int) -> TokenRefreshed:
    """Return an event of the session."""
    return TokenRefreshed(
        at=float(generation), session_id=SESSION, subject=Subject("s"), client_id=ClientId("c"), generation=generation
    )


@pytest.fixture
def events() -> Events:
    """Return a repository."""
    return Events()


@pytest.fixture
def log() -> Iterator[LogLines]:
    """Return the lines of the log."""
    lines = LogLines()
    lines.setFormatter(JsonFormatter())
    logger = logging.getLogger("keyturn.audit")
    logger.addHandler(lines)
    logger.setLevel(logging.INFO)
    yield lines
    logger.removeHandler(lines)
    logger.setLevel(logging.NOTSET)


async def test_an_event_is_logged_at_once_and_kept_when_it_is_time(events: Events) -> None:
    """Nothing is asked of the database while an event is recorded; then each is kept once, in batches."""
    trail = FakeAuditTrail()
    recorder = AuditRecorder(log=trail, events=events)
    for generation in range(1_200):
        recorder.record(refreshed(generation))
    assert (len(trail.events), events.batches) == (1_200, [])
    await recorder.keep()
    await recorder.keep()
    assert (max(events.batches), sum(events.batches)) == (128, 1_200)
    assert [each.details["generation"] for each in await events.list_for_session(SESSION, limit=9_999)] == [
        *range(1_200)
    ]


async def test_it_knows_the_request(events: Events) -> None:
    """The request's id and the client's address are kept with the event; an address of its own goes before."""
    recorder = AuditRecorder(log=FakeAuditTrail(), events=events)
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
    await recorder.keep()
    [revoked] = await events.list_for_session(SESSION, limit=9_999)
    [failed] = await events.list_for_subject(Subject("s"), names=["login_failed"], since=0.0, until=9.0, limit=9)
    assert (revoked.name, revoked.request_id, revoked.address) == ("session_was_revoked", "request-1", "192.0.2.1")
    assert revoked.details == {"reason": "reuse"}
    assert (failed.name, failed.request_id, failed.address) == ("login_failed", "request-1", "192.0.2.2")


async def test_a_database_that_is_away_loses_nothing(events: Events) -> None:
    """What could not be kept waits, in its order, before what came meanwhile."""
    recorder = AuditRecorder(log=FakeAuditTrail(), events=events)
    recorder.record(refreshed(1))
    events.down = True
    with pytest.raises(StoreUnavailable):
        await recorder.keep()
    recorder.record(refreshed(2))
    events.down = False
    await recorder.keep()
    assert [each.details["generation"] for each in await events.list_for_session(SESSION, limit=9_999)] == [1, 2]


async def test_waiting_is_bounded_and_what_is_left_out_is_said(events: Events, log: LogLines) -> None:
    """The eldest are left out; the log says how many, and has them all."""
    recorder = AuditRecorder(log=FakeAuditTrail(), events=events)
    for generation in range(MOST_WAITING + 3):
        recorder.record(refreshed(generation))
    events.down = True
    with pytest.raises(StoreUnavailable):
        await recorder.keep()
    recorder.record(refreshed(MOST_WAITING + 3))
    assert recorder.waiting == MOST_WAITING
    events.down = False
    await recorder.keep()
    assert sum(events.batches) == MOST_WAITING
    assert [(each["level"], each["events"]) for each in log.of("keyturn.audit")] == [("warning", 3), ("warning", 1)]


async def test_the_last_events_are_kept_or_said(events: Events, log: LogLines) -> None:
    """An instance that ends keeps what waits; what it cannot keep it counts in the log."""
    recorder = AuditRecorder(log=FakeAuditTrail(), events=events)
    recorder.record(refreshed(1))
    await keep_last_events(recorder)
    assert (recorder.waiting, len(await events.list_for_session(SESSION, limit=9_999))) == (0, 1)
    recorder.record(refreshed(2))
    events.down = True
    await keep_last_events(recorder)
    assert recorder.waiting == 1
    assert [(each["level"], each["events"]) for each in log.of("keyturn.audit")] == [("warning", 1)]


class Held(Events):
    """Answers when it is let."""

    def __init__(self) -> None:
        super().__init__()
        self.asked, self.let = asyncio.Event(), asyncio.Event()

    async def append(self, events: Sequence[AuditRecord]) -> None:
        self.asked.set()
        await self.let.wait()
        await super().append(events)


async def test_what_was_under_way_at_the_end_is_kept() -> None:
    """The task that keeps events is stopped in the middle of a batch: the last round has it, too."""
    events = Held()
    recorder = AuditRecorder(log=FakeAuditTrail(), events=events)
    recorder.record(refreshed(1))
    keeping = asyncio.create_task(recorder.keep())
    await events.asked.wait()
    keeping.cancel()
    await asyncio.wait([keeping])
    assert recorder.waiting == 1
    events.let.set()
    await keep_last_events(recorder)
    assert (recorder.waiting, len(await events.list_for_session(SESSION, limit=9))) == (0, 1)


async def test_a_database_that_hangs_at_the_end_is_said(log: LogLines, monkeypatch: pytest.MonkeyPatch) -> None:
    """The end waits for it so long and no longer, and counts what is not kept."""
    monkeypatch.setattr(background, "_LAST_EVENTS_SECONDS", 0.0)
    recorder = AuditRecorder(log=FakeAuditTrail(), events=Held())
    recorder.record(refreshed(1))
    await keep_last_events(recorder)
    assert [(each["level"], each["events"]) for each in log.of("keyturn.audit")] == [("warning", 1)]


async def test_what_made_room_while_it_was_being_kept_is_not_missed(log: LogLines) -> None:
    """The eldest are kept while others push them out of the queue: they are in the database, and nothing is said."""
    events = Held()
    recorder = AuditRecorder(log=FakeAuditTrail(), events=events)
    for generation in range(MOST_WAITING):
        recorder.record(refreshed(generation))
    keeping = asyncio.create_task(recorder.keep())
    await events.asked.wait()
    for generation in range(5):
        recorder.record(refreshed(MOST_WAITING + generation))
    events.let.set()
    await keeping
    assert (recorder.waiting, sum(events.batches), log.lines) == (0, MOST_WAITING + 5, [])


async def test_without_a_database_it_only_logs() -> None:
    """Nothing piles up."""
    trail = FakeAuditTrail()
    recorder = AuditRecorder(log=trail, events=None)
    recorder.record(refreshed(1))
    await recorder.keep()
    assert (len(trail.events), recorder.waiting) == (1, 0)


async def test_no_text_breaks_out(events: Events, log: LogLines) -> None:
    """Whatever a text holds: one line of ASCII JSON in the log, and 255 characters of it at most."""
    recorder = AuditRecorder(log=LogAuditTrail(), events=events)
    recorder.record(LoginFailed(at=1.0, reason=HOSTILE, subject=Subject("s"), address=HOSTILE))
    await recorder.keep()
    [line] = log.lines
    assert line.isascii()
    assert len(line.splitlines()) == 1
    assert json.loads(line)["reason"] == HOSTILE[:255]
    [kept] = await events.list_for_subject(Subject("s"), names=["login_failed"], since=0.0, until=9.0, limit=9)
    assert (kept.details["reason"], kept.address) == (HOSTILE[:255], HOSTILE[:255])
