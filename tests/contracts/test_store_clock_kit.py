"""The kit of the clock of a store notices each faulty clock."""

import pytest

from app.contracts.kit import Counts
from app.contracts.store_clock import StoreClockContract

from . import faulty_store_clocks as faulty
from .running import assert_every_test_fails, assert_noticed

FAULTS: list[tuple[type[object], str]] = [
    (faulty.InMilliseconds, "the_time_is_in_seconds_since_the_epoch the_clock_goes_on"),
    (faulty.StandsStill, "the_clock_goes_on"),
    (faulty.InWholeSeconds, "the_clock_goes_on"),
    (faulty.EachItsOwn, "all_connections_show_the_same_clock"),
]
"""A clock, and the tests that fail."""


@pytest.mark.parametrize(("adapter", "noticed_by"), FAULTS)
async def test_fault_is_noticed(proof: Counts, adapter: type[object], noticed_by: str) -> None:
    """The tests that check the faulty behaviour fail."""
    await assert_noticed(StoreClockContract, adapter, proof, noticed_by)


async def test_every_test_of_the_kit_can_fail(proof: Counts) -> None:
    """Each test of the kit is failed by at least one faulty clock."""
    await assert_every_test_fails(StoreClockContract, {adapter for adapter, _ in FAULTS}, proof)
