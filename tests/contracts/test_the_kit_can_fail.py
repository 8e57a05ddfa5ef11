"""The kit notices: adapters that are wrong in one way each fail the tests that are about it."""

from collections.abc import Callable
from dataclasses import fields

import pytest

from app.adapters.memory.sessions import MemorySessionRepository
from app.contracts.client_repository import ClientAtomicity, ClientBehaviour, ClientConcurrency
from app.contracts.counts import Counts
from app.contracts.session_atomicity import SessionAtomicity
from app.contracts.session_behaviour import SessionBehaviour
from app.contracts.session_concurrency import SessionConcurrency
from app.contracts.session_kit import SessionKit
from app.contracts.session_lists import SessionLists
from app.contracts.session_sweeper import SweeperBehaviour, SweeperConcurrency
from app.contracts.user_repository import UserAtomicity, UserBehaviour, UserConcurrency
from app.domain.sessions.session import Session
from app.ports.session_repository import SessionRepository

from . import faulty_retention as retention
from . import faulty_sessions as acts
from .faulty_clients import RacyClients
from .faulty_users import RacyUsers
from .running import all_of, failures

FAULTS: list[tuple[Callable[[], SessionRepository], type[SessionKit], str]] = [
    (acts.Racy, SessionConcurrency, "swaps_of_one_digest a_revocation_that_races revocations_one_is_told"),
    (acts.Racy, SessionConcurrency, "sessions_of_one_id chains_of_rotations"),
    (acts.Racy, SessionConcurrency, "adoptions_that_race"),
    (acts.Racy, SweeperConcurrency, "erasing_salts sweeps_at_once"),
    (acts.Halting, SessionAtomicity, "cancelled_add cancelled_advance cancelled_revocation"),
    (acts.Overwriting, SessionBehaviour, "id_is_taken_once ended_session_stays_taken"),
    (acts.Overwriting, SessionAtomicity, "failed_add_leaves_the_first"),
    (acts.Careless, SessionBehaviour, "current_digest not_expired revoked_session_does_not_advance new_idle_expiry"),
    (acts.Unending, SessionBehaviour, "not_expired"),
    (
        acts.Adopting,
        SessionBehaviour,
        "adopt_sets adopt_needs_the_expected adopt_needs_a_session revoked_session_is_not",
    ),
    (acts.Touching, SessionAtomicity, "refused_changes_nothing"),
    (acts.Rewriting, SessionBehaviour, "session_is_revoked_once"),
    (acts.Rewriting, SessionLists, "second_revocation"),
    (acts.Inventive, SessionBehaviour, "advance_of_an_unknown unknown_session_is_not_revoked"),
    (acts.Dismissive, SessionBehaviour, "expired_session_can_be_revoked"),
    (acts.OneReason, SessionBehaviour, "revoke_sets_time_and_reason"),
    (acts.forgetting("device"), SessionBehaviour, "every_field tells_sessions_apart expired_session_is_still_found"),
    (acts.forgetting("device"), SessionBehaviour, "sets_what_it_says"),
    (acts.forgetting("device"), SessionLists, "one_connection_did of_one_subject"),
    (acts.forgetting("secret_digest"), SessionBehaviour, "goes_on_from_where_it_came"),
    (retention.Unordered, SessionLists, "oldest_first are_live a_rotation_keeps"),
    (retention.Exclusive, SessionLists, "from_a_moment_on"),
    (retention.Exclusive, SweeperBehaviour, "gone_from_everywhere"),
    (retention.Positional, SessionLists, "came_late"),
    (retention.Sparing, SweeperBehaviour, "salt_of_a_revoked_session"),
    (retention.Eager, SweeperBehaviour, "salt_is_erased_and_nothing_else up_to_the_limit no_more_than_its_limit"),
    (retention.Eager, SweeperBehaviour, "expired_sessions_are_deleted revoked_sessions_are_deleted"),
    (retention.Forgetful, SweeperBehaviour, "newer_salt session_that_was_used without_a_salt whatever_the_order"),
    (acts.forgetting("expires_at"), SweeperBehaviour, "live_sessions_are_not_deleted"),
    (retention.Stuck, SweeperBehaviour, "no_more_than_its_limit"),
]
"""An adapter, a tier that notices what is wrong with it, and words from the names of the tests that do."""

ONE_AFTER_ANOTHER = [SessionBehaviour, SessionLists, SweeperBehaviour, SessionAtomicity]
AT_ONCE = [SessionConcurrency, SweeperConcurrency]


@pytest.mark.parametrize(
    ("adapter", "tier", "noticed_by"), FAULTS, ids=lambda each: each.__name__ if isinstance(each, type) else ""
)
async def test_a_fault_is_noticed(
    proof: Counts, adapter: Callable[[], SessionRepository], tier: type[SessionKit], noticed_by: str
) -> None:
    """Each fault fails the tests of the sentences that it breaks."""
    failed = await failures(tier, adapter, proof)
    assert [word for word in noticed_by.split() if not any(word in name for name in failed)] == []


@pytest.mark.parametrize("tier", ONE_AFTER_ANOTHER + AT_ONCE)
async def test_no_test_is_idle(proof: Counts, tier: type[SessionKit]) -> None:
    """Every test of the contract is failed by one of the faulty adapters, and was worth writing."""
    adapters = {adapter for adapter, noticing, _ in FAULTS if noticing is tier}
    failed = set().union(*[await failures(tier, adapter, proof) for adapter in adapters])
    assert sorted(all_of(tier).keys() - failed) == []


@pytest.mark.parametrize("tier", ONE_AFTER_ANOTHER)
async def test_only_races_show_that_an_adapter_is_racy(proof: Counts, tier: type[SessionKit]) -> None:
    """One act after another, the racy adapter does as well as the one it is made of."""
    assert await failures(tier, acts.Racy, proof) == await failures(tier, MemorySessionRepository, proof)


@pytest.mark.parametrize("field", acts.OTHERS)
async def test_a_field_that_is_not_kept_is_noticed(proof: Counts, field: str) -> None:
    """An adapter that loses any one field of a session fails."""
    failed = await failures(SessionBehaviour, acts.forgetting(field), proof)
    assert "test_find_returns_every_field_as_it_was_added" in failed


def test_no_field_is_left_out() -> None:
    """The table above has every field that a new session brings; the id finds it, the others come with acts."""
    later = {"session_id", "generation", "salt", "revoked_at", "revoked_because"}
    assert {field.name for field in fields(Session)} == acts.OTHERS.keys() | later


async def test_racy_users_are_noticed(proof: Counts) -> None:
    """A user repository that gets, waits and then updates fails every race, and nothing else."""
    assert await failures(UserConcurrency, RacyUsers, proof) == all_of(UserConcurrency).keys()
    for tier in (UserBehaviour, UserAtomicity):
        assert await failures(tier, RacyUsers, proof) == set()


async def test_racy_clients_are_noticed(proof: Counts) -> None:
    """A client repository that gets, waits and then updates fails every race, and nothing else."""
    assert await failures(ClientConcurrency, RacyClients, proof) == all_of(ClientConcurrency).keys()
    for tier in (ClientBehaviour, ClientAtomicity):
        assert await failures(tier, RacyClients, proof) == set()
