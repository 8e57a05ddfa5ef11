"""The encrypted key kit notices each faulty repository."""

import pytest

from app.adapters.memory.encrypted_keys import MemoryEncryptedKeyRepository
from app.contracts.encrypted_key_repository import EncryptedKeyRepositoryContract
from app.contracts.kit import Counts

from . import faulty_encrypted_keys as faulty
from .running import assert_every_test_fails, assert_noticed, failures

FAULTS: list[tuple[type[object], str]] = [
    (faulty.RacyKeys, "one_of_many_adds_wins one_of_many_reschedules_wins"),
    (faulty.AddOverwrites, "add_refuses_a_second_successor_or_kid one_of_many_adds_wins"),
    (
        faulty.ChangesIgnoreExpected,
        "reschedule_needs_the_expected_time replace_encryption_needs_the_expected_text one_of_many_reschedules_wins",
    ),
    (faulty.RemoveAlwaysSucceeds, "removed_key_can_be_replaced"),
    (faulty.PredecessorStaysUsed, "removed_key_can_be_replaced"),
    (faulty.RoundsTimes, "keys_are_listed_as_added"),
]
"""An adapter, and the tests that fail."""


@pytest.mark.parametrize(("adapter", "noticed_by"), FAULTS)
async def test_fault_is_noticed(adapter: type[object], noticed_by: str, proof: Counts) -> None:
    """The tests that check the faulty behaviour fail."""
    await assert_noticed(EncryptedKeyRepositoryContract, adapter, proof, noticed_by)


async def test_repository_without_a_fault_passes(proof: Counts) -> None:
    """The repository that the faulty ones are built on fails no test."""
    assert await failures(EncryptedKeyRepositoryContract, MemoryEncryptedKeyRepository, proof) == set()


async def test_every_test_of_the_kit_can_fail(proof: Counts) -> None:
    """Each test of the kit is failed by at least one faulty repository."""
    await assert_every_test_fails(EncryptedKeyRepositoryContract, {adapter for adapter, _ in FAULTS}, proof)


async def test_only_races_show_the_racy_repository(proof: Counts) -> None:
    """Without concurrent acts the racy repository has no fault."""
    failed = await failures(EncryptedKeyRepositoryContract, faulty.RacyKeys, proof)
    assert failed == {"test_one_of_many_adds_wins", "test_one_of_many_reschedules_wins"}
