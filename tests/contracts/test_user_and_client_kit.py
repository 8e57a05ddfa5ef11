"""The kits of users and clients notice a repository that loses races."""

from collections.abc import Callable

import pytest

from app.contracts.client_repository import ClientAtomicity, ClientBehaviour, ClientConcurrency
from app.contracts.kit import Counts
from app.contracts.user_repository import UserAtomicity, UserBehaviour, UserConcurrency

from .faulty_clients import RacyClients
from .faulty_users import RacyUsers
from .running import Tier, all_of, failures


@pytest.mark.parametrize(("tier", "adapter"), [(UserConcurrency, RacyUsers), (ClientConcurrency, RacyClients)])
async def test_racy_repository_fails_every_race(proof: Counts, tier: Tier, adapter: Callable[[], object]) -> None:
    """A repository that reads, waits and then writes fails every concurrency test."""
    assert await failures(tier, adapter, proof) == all_of(tier).keys()


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
