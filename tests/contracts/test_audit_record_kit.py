"""The audit record kit notices each faulty repository."""

import pytest

from app.contracts.audit_record_repository import AuditRecordBehaviour, AuditRecordConcurrency
from app.contracts.kit import Counts

from . import faulty_audit_records as faulty
from .running import all_of, assert_noticed, failures

FAULTS: list[tuple[type[object], str]] = [
    (faulty.AppendOverwrites, "record_with_a_known_id_is_ignored"),
    (
        faulty.ListsEveryRecord,
        (
            "records_of_a_session_are_listed_in_order_of_time list_for_subject_leaves_out_records_of_sessions "
            "list_for_no_subject_leaves_out_records_of_subjects"
        ),
    ),
    (faulty.ListsNamedOnlyWithoutSession, "list_named_has_records_with_and_without_sessions"),
    (faulty.ListsOnePage, "lists_go_beyond_a_page_of_the_store"),
    (faulty.LimitKeepsTheEarliest, "limit_keeps_the_latest_records"),
    (faulty.StoresDetailsAsText, "record_is_returned_as_appended"),
    (faulty.DeletesEverything, "delete_before_stops_at_the_limit"),
    (faulty.TrimKeepsTheEarliest, "trim_keeps_the_latest_records trim_without_subject trim_stops_at_the_limit"),
    (faulty.TrimIgnoresName, "trim_leaves_other_names_and_subjects"),
    (faulty.TrimIgnoresLimit, "trim_stops_at_the_limit"),
    (faulty.TrimDoesNothing, "trim_keeps_the_latest_records trim_without_subject"),
    (faulty.RefusesEmptyList, "append_accepts_an_empty_list"),
]


@pytest.mark.parametrize(("adapter", "noticed_by"), FAULTS)
async def test_fault_is_noticed(proof: Counts, adapter: type[object], noticed_by: str) -> None:
    """The tests that check the faulty behaviour fail."""
    await assert_noticed(AuditRecordBehaviour, adapter, proof, noticed_by)


async def test_racy_repository_fails_every_race_and_nothing_else(proof: Counts) -> None:
    """A repository that reads, waits and then writes fails every concurrency test, and passes the others."""
    failed = await failures(AuditRecordConcurrency, faulty.RacyAuditRecords, proof)
    assert failed == all_of(AuditRecordConcurrency).keys()
    assert await failures(AuditRecordBehaviour, faulty.RacyAuditRecords, proof) == set()
