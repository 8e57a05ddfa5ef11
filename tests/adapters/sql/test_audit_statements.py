"""Audit records are stored many at once."""

from collections.abc import Sequence
from typing import Any

import pytest

from app.adapters.sql.compiled import CompiledStatement
from app.adapters.sql.executor import Outcome
from app.adapters.telemetry.audit_recorder import AuditRecorder
from app.domain.audit.events import LoginFailed
from app.domain.audit.record import AuditRecord, Detail

from .conftest import Stores
from .test_audit_bounds import SESSION, VICTIM, revoked

HOSTILE = 'x"}\r\n{"y": 1}\x1b[31m\u2028\0'


@pytest.mark.parametrize("events", [1, 2, 100, 128])
async def test_many_records_are_one_statement(stores: Stores, events: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """The records that wait are stored by one statement, up to 128 of them."""
    [store] = await stores()
    executor, ran = store._executor, []
    change = executor.change

    async def counted(statement: CompiledStatement, arguments: Sequence[Any], *, returning: bool) -> Outcome:
        ran.append(statement.sql.split()[0])
        return await change(statement, arguments, returning=returning)

    recorder = AuditRecorder(records=store.audit_records)
    for number in range(events):
        recorder.record(revoked(float(number)))
    monkeypatch.setattr(executor, "change", counted)
    await recorder.save()
    assert ran.count("INSERT") == 1
    assert len(await store.audit_records.list_for_session(SESSION, limit=200)) == events


async def test_details_are_json(stores: Stores) -> None:
    """Details of every kind come back as they were, whatever text a client sent."""
    [store] = await stores()
    details: dict[str, Detail] = {"text": HOSTILE, "whole": 3, "part": 0.5, "yes": True, "nothing": None}
    record = AuditRecord(event_id="1", at=1.0, name="login_failed", session_id=SESSION, details=details)
    bare = AuditRecord(event_id="2", at=2.0, name="login_failed", session_id=SESSION)
    await store.audit_records.append([record, bare])
    assert await store.audit_records.list_for_session(SESSION, limit=9) == [record, bare]


async def test_ids_of_one_time_are_neighbours_and_differ(stores: Stores) -> None:
    """The ids of events grow with their times, so that an index of them grows at its end; no two are the same."""
    [store] = await stores()
    recorder = AuditRecorder(records=store.audit_records)
    for number in range(100):
        recorder.record(LoginFailed(at=1e9 + number // 10, reason="wrong_password", subject=VICTIM, address=""))
    await recorder.save()
    kept = await store.audit_records.list_for_subject(VICTIM, names=["login_failed"], since=0.0, until=2e9, limit=200)
    ids = [each.event_id for each in kept]
    assert len(set(ids)) == 100
    assert ids == sorted(ids)
    assert all(len(each) == 32 and each.isascii() for each in ids)
