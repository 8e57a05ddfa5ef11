"""Counts of events by minutes, and the pages of activity."""

from collections import Counter
from collections.abc import Iterable
from math import inf

import pytest

from app.domain.audit.activity import MAX_READ, Activity, ActivityPage
from app.domain.audit.event_counts import COUNTED, EVENT_COUNTS, EventCounts, counts_record
from app.domain.audit.events import AuditEvent, LoginFailed, LoginSucceeded, TokenRefreshed
from app.domain.audit.record import AuditRecord, Detail, event_names
from app.domain.identifiers import FIRST_PARTY, SessionId, Subject
from app.testing.audit import FakeAuditRecordRepository
from app.testing.system import FakeClock

BEGIN = 1_800_000_000
"""The beginning of an hour."""


def failed(at: float) -> LoginFailed:
    """Return a refused sign-in."""
    return LoginFailed(at=at, reason="wrong_password", subject=None, address="")


def opened(at: float) -> LoginSucceeded:
    """Return a sign-in."""
    return LoginSucceeded(
        at=at, session_id=SessionId(bytes(16)), subject=Subject("s"), client_id=FIRST_PARTY, address="", audience=""
    )


def record(at: int, number: int = 0, **counts: Detail) -> AuditRecord:
    """Return the record of a minute of an instance."""
    return AuditRecord(event_id=f"{at}-{number}", at=float(at), name=EVENT_COUNTS, details=counts)


async def page(records: Iterable[AuditRecord], *, span: int = 3_600, until: int, step: int = 300) -> ActivityPage:
    """Return a page of the activity in these records."""
    repository = FakeAuditRecordRepository()
    await repository.append([*records])
    return await Activity(audit_records=repository, clock=FakeClock()).page(span=span, until=until, step=step)


def test_minutes_are_taken_when_they_are_over() -> None:
    """Each minute is taken once, with the number of each kind of event. Refreshes are not counted."""
    counts = EventCounts()
    refreshed = TokenRefreshed(
        at=BEGIN, session_id=SessionId(bytes(16)), subject=Subject("s"), client_id=FIRST_PARTY, generation=1
    )
    for event in (opened(BEGIN), failed(BEGIN + 59.9), opened(BEGIN + 1), failed(BEGIN + 60)):
        counts.add(event)
    assert type(refreshed) not in COUNTED
    assert list(counts.take(until=BEGIN + 59.9)) == []
    assert list(counts.take(until=BEGIN + 119)) == [(BEGIN, {"login_succeeded": 2, "login_failed": 1})]
    assert list(counts.take(until=inf)) == [(BEGIN + 60, {"login_failed": 1})]
    assert list(counts.take(until=inf)) == []


def test_record_of_counts_explains_no_session() -> None:
    """Its name is that of no event, so it is in no timeline."""
    [(at, counted)] = _taken(failed(BEGIN))
    kept = counts_record(at, counted, event_id="1")
    assert (kept.subject, kept.session_id, kept.details) == (None, None, {"login_failed": 1})
    assert kept.name not in event_names(AuditEvent)


def _taken(event: AuditEvent) -> list[tuple[float, Counter[str]]]:
    counts = EventCounts()
    counts.add(event)
    return list(counts.take(until=inf))


async def test_counts_of_all_instances_are_added_up_in_steps() -> None:
    """The span begins at a whole step and ends before ``until``."""
    told = await page(
        [
            record(BEGIN - 60, login_failed=9),
            record(BEGIN, 1, login_succeeded=1),
            record(BEGIN, 2, login_succeeded=2, login_failed=1),
            record(BEGIN + 240, login_failed=4),
            record(BEGIN + 300, reuse_detected=1),
            record(BEGIN + 600, login_failed=9),
        ],
        span=590,
        until=BEGIN + 600,
    )
    assert (told.since, told.until, told.is_whole) == (BEGIN, BEGIN + 600, True)
    assert told.counts == {BEGIN: {"login_succeeded": 3, "login_failed": 5}, BEGIN + 300: {"reuse_detected": 1}}


async def test_what_another_version_wrote_is_left_out() -> None:
    """Only counts of known events count."""
    told = await page([record(BEGIN, login_failed="7", other=3, reuse_detected=True)], until=BEGIN + 60)
    assert told.counts == {BEGIN: {}}


@pytest.mark.parametrize(("instances", "span"), [(1, 86_400 * 2), (40, 6 * 3_600)])
async def test_pages_count_each_record_once(instances: int, span: int) -> None:
    """Each page has whole steps, and all pages together have all records."""
    until, since = BEGIN + span, BEGIN
    records = [record(at, each, login_failed=1) for at in range(since, until, 60) for each in range(instances)]
    total, pages = 0, 0
    while True:
        told = await page(records, span=until - since, until=until)
        total += sum(each["login_failed"] for each in told.counts.values())
        pages += 1
        if told.is_whole:
            break
        assert since < told.since < until
        until = told.since
    assert total == len(records)
    assert pages <= 1 + len(records) // (MAX_READ - 5 * instances)


async def test_step_with_too_many_records_ends_the_page() -> None:
    """The page before it is another one, so that a reader never asks for the same page for ever."""
    told = await page([record(BEGIN + 60, each, login_failed=1) for each in range(MAX_READ + 5)], until=BEGIN + 300)
    assert (told.since, told.is_whole) == (BEGIN, False)
    assert told.counts == {BEGIN: {"login_failed": MAX_READ}}
