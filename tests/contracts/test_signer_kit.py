"""The signer kit notices each faulty signer."""

import pytest

from app.contracts.kit import Counts
from app.testing.signer import FakeSigner

from . import faulty_signers as faulty
from .faulty_signers import FakeSignerContract
from .running import assert_every_test_fails, assert_noticed, failures

FAULTS: list[tuple[type[object], str]] = [
    (faulty.SignsThePrefix, "signature_is_of_the_message_and_the_key calls_at_once_get_their_own_signatures"),
    (faulty.IgnoresTheKid, "signature_is_of_the_message_and_the_key unknown_kid_is_refused install_replaces_the_keys"),
    (faulty.IgnoresCase, "unknown_kid_is_refused"),
    (faulty.KeepsRemovedKeys, "install_replaces_the_keys"),
    (faulty.SignsNothingForRemovedKeys, "key_may_be_removed_while_it_signs"),
    (faulty.LosesPlaces, "cancelled_calls_take_no_place"),
    (faulty.SharesTheMessage, "calls_at_once_get_their_own_signatures"),
    (faulty.WaitsWithoutEnd, "flood_is_refused_and_then_over"),
    (faulty.RefusesFloods, "flood_is_refused_and_then_over"),
]
"""A signer, and the tests that fail."""


@pytest.mark.parametrize(("signer", "noticed_by"), FAULTS)
async def test_fault_is_noticed(signer: type[object], noticed_by: str, proof: Counts) -> None:
    """The tests that check the faulty behaviour fail."""
    await assert_noticed(FakeSignerContract, signer, proof, noticed_by)


@pytest.mark.parametrize("signer", [FakeSigner, faulty.SlowSigner])
async def test_signer_without_a_fault_passes(signer: type[object], proof: Counts) -> None:
    """The fake, and the signer that the faulty ones are built on, fail no test."""
    assert await failures(FakeSignerContract, signer, proof) == set()


async def test_every_test_of_the_kit_can_fail(proof: Counts) -> None:
    """Each test of the kit is failed by at least one faulty signer."""
    await assert_every_test_fails(FakeSignerContract, {signer for signer, _ in FAULTS}, proof)
