"""The session kit notices each faulty repository."""

from collections.abc import Callable
from dataclasses import fields

import pytest

from app.contracts.kit import Counts
from app.contracts.session_atomicity import SessionAtomicity
from app.contracts.session_behaviour import SessionBehaviour
from app.contracts.session_concurrency import SessionConcurrency
from app.contracts.session_lists import SessionLists
from app.contracts.session_sweeper import SweeperBehaviour, SweeperConcurrency
from app.domain.sessions.session import Session
from app.ports.session_repository import SessionRepository

from . import faulty_session_lists as lists
from . import faulty_sessions as acts
from .running import Tier, assert_every_test_fails, assert_noticed, failures

FAULTS: list[tuple[Callable[[], SessionRepository], Tier, str]] = [
    (
        acts.RacySessions,
        SessionConcurrency,
        (
            "one_of_many_advances_wins revoke_that_races_with_advances_is_final one_of_many_revokes_wins "
            "one_of_many_adds_wins racing_rotations_form_one_chain "
            "set_credential_version_that_races_with_advances_loses_nothing"
        ),
    ),
    (
        acts.RacySessions,
        SweeperConcurrency,
        "erase_salts_that_races_with_advance_keeps_the_new_salt racing_sweeps_delete_each_session_once",
    ),
    (
        acts.WritesInTwoSteps,
        SessionAtomicity,
        "cancelled_add_is_done_or_not_done cancelled_advance_is_done_or_not_done cancelled_revoke_is_done_or_not_done",
    ),
    (
        acts.AddOverwrites,
        SessionBehaviour,
        "add_refuses_an_id_in_use add_refuses_the_id_of_a_revoked_session",
    ),
    (acts.AddOverwrites, SessionAtomicity, "refused_add_changes_nothing"),
    (
        acts.AdvanceChecksNothing,
        SessionBehaviour,
        (
            "advance_needs_the_current_digest advance_refuses_an_expired_session advance_refuses_a_revoked_session "
            "advance_moves_the_idle_expiry"
        ),
    ),
    (acts.AdvanceAtExpiry, SessionBehaviour, "advance_refuses_an_expired_session"),
    (
        acts.SetVersionChecksNothing,
        SessionBehaviour,
        (
            "set_credential_version_changes_only_the_version set_credential_version_needs_the_expected_version "
            "set_credential_version_refuses_an_expired_session "
            "set_credential_version_refuses_a_revoked_or_unknown_session"
        ),
    ),
    (acts.RefusedAdvanceWrites, SessionAtomicity, "refused_act_changes_nothing"),
    (acts.SecondRevokeWrites, SessionBehaviour, "second_revoke_returns_false"),
    (acts.SecondRevokeWrites, SessionLists, "second_revoke_does_not_change_the_list"),
    (
        acts.AcceptsUnknownSessions,
        SessionBehaviour,
        "advance_refuses_an_unknown_session revoke_refuses_an_unknown_session",
    ),
    (acts.RevokeRefusesExpired, SessionBehaviour, "revoke_accepts_an_expired_session"),
    (acts.RevokeIgnoresReason, SessionBehaviour, "revoke_changes_only_its_fields"),
    (acts.RevokeIgnoresReason, SessionLists, "revoke_all_revokes_every_session"),
    (
        acts.losing("device"),
        SessionBehaviour,
        (
            "find_returns_every_field_as_added find_returns_the_session_of_the_id find_returns_an_expired_session "
            "advance_changes_only_its_fields"
        ),
    ),
    (
        acts.losing("device"),
        SessionLists,
        "every_connection_sees_acknowledged_changes live_sessions_are_of_the_subject",
    ),
    (acts.losing("secret_digest"), SessionBehaviour, "advance_can_be_repeated"),
    (
        lists.ListsEverySession,
        SessionLists,
        (
            "live_sessions_are_listed_oldest_first ended_sessions_are_not_listed_as_live "
            "rotated_session_is_listed_until_its_new_idle_expiry"
        ),
    ),
    (lists.RevocationsExcludeTheMoment, SessionLists, "revocations_are_listed_from_the_moment_on"),
    (lists.RevocationsExcludeTheMoment, SweeperBehaviour, "deleted_session_is_gone_everywhere"),
    (lists.RevocationsAssumeOrder, SessionLists, "revocations_are_listed_by_time_not_by_order_of_calls"),
    (lists.KeepsSaltsOfRevoked, SweeperBehaviour, "erase_salts_removes_the_salt_of_a_revoked_session"),
    (
        lists.SweepsTooMuch,
        SweeperBehaviour,
        (
            "erase_salts_changes_only_the_salt erase_salts_stops_at_the_limit "
            "repeated_limited_calls_check_every_session "
            "delete_ended_deletes_expired_sessions delete_ended_deletes_revoked_sessions"
        ),
    ),
    (
        lists.SweepsByFirstTimes,
        SweeperBehaviour,
        (
            "erase_salts_keeps_the_salt_of_a_newer_rotation delete_ended_uses_the_newest_idle_expiry "
            "sessions_without_a_salt_do_not_count_towards_the_limit erase_salts_finds_rotations_in_any_order_of_time"
        ),
    ),
    (acts.losing("expires_at"), SweeperBehaviour, "delete_ended_keeps_live_sessions"),
    (lists.SweepsFirstSessionsOnly, SweeperBehaviour, "repeated_limited_calls_check_every_session"),
]
"""An adapter, a tier that notices its fault, and the tests that fail."""

SEQUENTIAL = [SessionBehaviour, SessionLists, SweeperBehaviour, SessionAtomicity]
CONCURRENT = [SessionConcurrency, SweeperConcurrency]


@pytest.mark.parametrize(
    ("adapter", "tier", "noticed_by"), FAULTS, ids=lambda each: each.__name__ if isinstance(each, type) else ""
)
async def test_fault_is_noticed(
    proof: Counts, adapter: Callable[[], SessionRepository], tier: Tier, noticed_by: str
) -> None:
    """The tests that check the faulty behaviour fail."""
    await assert_noticed(tier, adapter, proof, noticed_by)


@pytest.mark.parametrize("tier", SEQUENTIAL + CONCURRENT)
async def test_every_test_of_the_kit_can_fail(proof: Counts, tier: Tier) -> None:
    """Each test of the kit is failed by at least one faulty repository."""
    await assert_every_test_fails(tier, {adapter for adapter, noticing, _ in FAULTS if noticing is tier}, proof)


@pytest.mark.parametrize("tier", SEQUENTIAL)
async def test_racy_repository_passes_the_sequential_tests(proof: Counts, tier: Tier) -> None:
    """Without concurrent acts the racy repository has no fault, so only races show it."""
    assert await failures(tier, acts.RacySessions, proof) == set()


@pytest.mark.parametrize("field", acts.WRONG_VALUES)
async def test_lost_field_is_noticed(proof: Counts, field: str) -> None:
    """A repository that stores a wrong value of any one field fails."""
    await assert_noticed(SessionBehaviour, acts.losing(field), proof, "find_returns_every_field_as_added")


def test_wrong_values_cover_every_field() -> None:
    """The table has every field of a new session, except the id and the fields that later acts set."""
    others = {"session_id", "generation", "salt", "revoked_at", "revoked_because"}
    assert {field.name for field in fields(Session)} == acts.WRONG_VALUES.keys() | others
