"""The bound of audit records: floods of one kind of event displace nothing else."""

from collections.abc import Sequence

import pytest

from app.adapters.telemetry import audit_recorder
from app.adapters.telemetry.audit_recorder import AuditRecorder
from app.domain.audit.events import AuditEvent, LoginFailed, SessionWasRevoked, TokenRefreshed
from app.domain.identifiers import ClientId, SessionId, Subject
from app.domain.sessions.session import RevocationReason
from app.ports.audit_record_repository import AuditRecordRepository

from .conftest import Stores

_KEPT = 100
_SLACK = 1_500
"""Records beyond the bound. Each record leads to a trim with a probability of 1/64."""

_FLOOD = 4_000
_ALL = 99_999
SESSION, OTHER_SESSION = SessionId(bytes(16)), SessionId(b"\x01" * 16)
VICTIM, FIRST_PARTY = Subject("victim"), ClientId("first-party")


def revoked(at: float) -> SessionWasRevoked:
    """Return the event that tells why a session of the victim ended."""
    return SessionWasRevoked(
        at=at, session_id=SESSION, subject=VICTIM, client_id=FIRST_PARTY, reason=RevocationReason.REUSE
    )


async def record_all(repository: AuditRecordRepository, events: Sequence[AuditEvent]) -> None:
    """Record the events, and save them."""
    recorder = AuditRecorder(records=repository)
    for event in events:
        recorder.record(event)
    await recorder.save()


@pytest.fixture
async def records(stores: Stores, monkeypatch: pytest.MonkeyPatch) -> AuditRecordRepository:
    """Return the empty repository of a database, with low bounds."""
    monkeypatch.setattr(audit_recorder, "MAX_OF_SUBJECT", _KEPT)
    monkeypatch.setattr(audit_recorder, "MAX_WITHOUT_SUBJECT", _KEPT)
    monkeypatch.setattr(audit_recorder, "_RECORDS_WITHOUT_SUBJECT_FOR_A_TRIM", audit_recorder._RECORDS_FOR_A_TRIM)
    [store] = await stores()
    return store.audit_records


@pytest.mark.parametrize("subject", [VICTIM, None], ids=["victim", "unknown user"])
async def test_flood_of_failed_logins_is_bounded(records: AuditRecordRepository, subject: Subject | None) -> None:
    """An attacker who fails to sign in thousands of times fills a bounded space, and the reason why a session of the
    victim ended stays.
    """
    flood = [LoginFailed(at=float(n), reason="wrong_password", subject=subject, address="") for n in range(_FLOOD)]
    await record_all(records, [revoked(-1.0), *flood])
    kept = await records.list_for_subject(subject, names=["login_failed"], since=0.0, until=_FLOOD, limit=_ALL)
    assert _KEPT <= len(kept) <= _KEPT + _SLACK
    assert kept[-1].at == _FLOOD - 1
    assert [each.name for each in await records.list_for_session(SESSION, limit=_ALL)] == ["session_was_revoked"]


async def test_client_that_refreshes_all_the_time_is_bounded(records: AuditRecordRepository) -> None:
    """A session that is refreshed every second fills a bounded space; the latest refreshes stay, and what happened to
    another session of the user.
    """
    refreshes = [
        TokenRefreshed(at=float(n), session_id=OTHER_SESSION, subject=VICTIM, client_id=FIRST_PARTY, generation=n)
        for n in range(_FLOOD)
    ]
    await record_all(records, [revoked(-1.0), *refreshes])
    kept = await records.list_for_session(OTHER_SESSION, limit=_ALL)
    assert _KEPT <= len(kept) <= _KEPT + _SLACK
    assert [each.details["generation"] for each in kept[-3:]] == [_FLOOD - 3, _FLOOD - 2, _FLOOD - 1]
    assert len(await records.list_for_session(SESSION, limit=_ALL)) == 1


async def test_records_of_an_older_version_are_trimmed_too(
    records: AuditRecordRepository, monkeypatch: pytest.MonkeyPatch
) -> None:
    """If an older version has stored far too many records, new ones bring the user under the bound."""
    flood = [LoginFailed(at=float(n), reason="wrong_password", subject=VICTIM, address="") for n in range(_FLOOD)]
    with monkeypatch.context() as without_bounds:
        without_bounds.setattr(audit_recorder, "MAX_OF_SUBJECT", _ALL)
        await record_all(records, flood)
    stored = await records.list_for_subject(VICTIM, names=["login_failed"], since=0, until=_FLOOD, limit=_ALL)
    assert len(stored) > _KEPT + _SLACK
    later = [
        LoginFailed(at=float(_FLOOD + n), reason="wrong_password", subject=VICTIM, address="") for n in range(_FLOOD)
    ]
    await record_all(records, later)
    kept = await records.list_for_subject(VICTIM, names=["login_failed"], since=0, until=2 * _FLOOD, limit=_ALL)
    assert len(kept) <= _KEPT + _SLACK
