"""The rate limit kit notices each faulty repository."""

import pytest

from app.contracts.kit import Counts
from app.contracts.rate_limit_repository import RateLimitBehaviour, RateLimitConcurrency

from . import faulty_rate_limits as faulty
from .running import Tier, assert_every_test_fails, assert_noticed, failures

FAULTS: list[tuple[type[object], Tier, str]] = [
    (
        faulty.RacyRateLimits,
        RateLimitConcurrency,
        "racing_attempts_never_exceed_the_limit racing_give_backs_are_all_counted",
    ),
    (faulty.TakesOneByOne, RateLimitBehaviour, "take_charges_all_limits_or_none"),
    (faulty.TakesOneByOne, RateLimitConcurrency, "racing_refusals_charge_no_other_limit"),
    (faulty.UsesFirstKeyOnly, RateLimitBehaviour, "give_back_to_several_limits reset_makes_limits_full"),
    (faulty.LocksInGivenOrder, RateLimitConcurrency, "racing_acts_do_not_deadlock"),
    (
        faulty.ChargesRefusals,
        RateLimitBehaviour,
        "limit_allows_its_number_of_attempts give_back_returns_an_attempt limit_becomes_full_again",
    ),
    (faulty.GrowsBeyondFull, RateLimitBehaviour, "give_back_returns_an_attempt limit_becomes_full_again"),
    (faulty.IgnoresKeys, RateLimitBehaviour, "keys_have_separate_limits delete_full_keeps_limits_that_are_not_full"),
    (faulty.TrustsFutureTimes, RateLimitBehaviour, "clock_set_back_does_not_lock_out"),
    (faulty.ResetDoesNothing, RateLimitBehaviour, "reset_makes_limits_full"),
]
"""An adapter, a tier that notices its fault, and the tests that fail."""


@pytest.mark.parametrize(("adapter", "tier", "noticed_by"), FAULTS)
async def test_fault_is_noticed(proof: Counts, adapter: type[object], tier: Tier, noticed_by: str) -> None:
    """The tests that check the faulty behaviour fail."""
    await assert_noticed(tier, adapter, proof, noticed_by)


@pytest.mark.parametrize("tier", [RateLimitBehaviour, RateLimitConcurrency])
async def test_every_test_of_the_kit_can_fail(proof: Counts, tier: Tier) -> None:
    """Each test of the kit is failed by at least one faulty repository."""
    await assert_every_test_fails(tier, {adapter for adapter, noticing, _ in FAULTS if noticing is tier}, proof)


async def test_racy_repository_passes_the_sequential_tests(proof: Counts) -> None:
    """Without concurrent acts the racy repository has no fault, so only races show it."""
    assert await failures(RateLimitBehaviour, faulty.RacyRateLimits, proof) == set()
