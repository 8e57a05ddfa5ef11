"""The kits of users and clients notice each faulty repository."""

from collections.abc import Callable

import pytest

from app.contracts.client_repository import ClientAtomicity, ClientBehaviour, ClientConcurrency
from app.contracts.kit import Counts
from app.contracts.user_repository import UserAtomicity, UserBehaviour, UserConcurrency

from . import faulty_clients as clients
from . import faulty_users as users
from .faulty_clients import RacyClients
from .faulty_users import RacyUsers
from .running import Tier, all_of, assert_noticed, failures


@pytest.mark.parametrize(("tier", "adapter"), [(UserConcurrency, RacyUsers), (ClientConcurrency, RacyClients)])
async def test_racy_repository_fails_every_race(proof: Counts, tier: Tier, adapter: Callable[[], object]) -> None:
    """A repository that reads, waits and then writes fails every concurrency test."""
    assert await failures(tier, adapter, proof) == all_of(tier).keys()


@pytest.mark.parametrize(
    ("tier", "adapter", "noticed_by"),
    [
        (UserBehaviour, users.CutsLongNames, "longest_names_are_told_apart"),
        (UserBehaviour, users.RefusesLongNames, "longest_names_are_told_apart"),
        (UserBehaviour, users.ListsOnePage, "list_goes_beyond_a_page_of_the_store"),
        (ClientBehaviour, clients.CutsLongIds, "longest_ids_are_told_apart"),
        (ClientBehaviour, clients.ListsOnePage, "list_goes_beyond_a_page_of_the_store"),
    ],
)
async def test_fault_is_noticed(proof: Counts, tier: Tier, adapter: Callable[[], object], noticed_by: str) -> None:
    """The tests that check the faulty behaviour fail."""
    await assert_noticed(tier, adapter, proof, noticed_by)


@pytest.mark.parametrize(
    ("tier", "adapter"),
    [
        (UserBehaviour, RacyUsers),
        (UserAtomicity, RacyUsers),
        (ClientBehaviour, RacyClients),
        (ClientAtomicity, RacyClients),
    ],
)
async def test_racy_repository_passes_the_sequential_tests(
    proof: Counts, tier: Tier, adapter: Callable[[], object]
) -> None:
    """Without concurrent acts the racy repository has no fault, so only races show it."""
    assert await failures(tier, adapter, proof) == set()
