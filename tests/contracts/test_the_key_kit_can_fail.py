"""The kit of the sealed keys notices repositories that are wrong in one way each."""

import pytest

from app.adapters.memory.encrypted_keys import MemoryEncryptedKeyRepository
from app.contracts.counts import Counts
from app.contracts.encrypted_key_repository import EncryptedKeyRepositoryContract

from . import faulty_sealed_keys as faulty
from .running import all_of, failures

FAULTS = [
    (faulty.Racy, "of_many_successors of_many_changes"),
    (faulty.Overwriting, "has_one_successor of_many_successors"),
    (faulty.Careless, "time_is_changed_once sealed_anew of_many_changes"),
    (faulty.Boastful, "leaves_its_place"),
    (faulty.Jealous, "leaves_its_place"),
    (faulty.Rounding, "what_was_added"),
]
"""A repository, and words from the names of the tests that notice what is wrong with it."""


@pytest.mark.parametrize(("adapter", "noticed_by"), FAULTS)
async def test_a_fault_is_noticed(adapter: type[MemoryEncryptedKeyRepository], noticed_by: str, proof: Counts) -> None:
    """Each fault fails the tests of the sentences that it breaks; the repository without it fails none."""
    assert await failures(EncryptedKeyRepositoryContract, MemoryEncryptedKeyRepository, proof) == set()
    failed = await failures(EncryptedKeyRepositoryContract, adapter, proof)
    assert [word for word in noticed_by.split() if not any(word in name for name in failed)] == []


async def test_no_test_is_idle(proof: Counts) -> None:
    """Every test of the contract is failed by one of the faulty repositories, and was worth writing."""
    failed = set().union(*[await failures(EncryptedKeyRepositoryContract, adapter, proof) for adapter, _ in FAULTS])
    assert sorted(all_of(EncryptedKeyRepositoryContract).keys() - failed) == []


async def test_only_races_show_that_a_repository_is_racy(proof: Counts) -> None:
    """One act after another, the racy repository does as well as the one it is made of."""
    failed = await failures(EncryptedKeyRepositoryContract, faulty.Racy, proof)
    assert all("of_many" in name for name in failed)
