"""The contract of an encrypted key repository (``app.ports.encrypted_key_repository``)."""

import asyncio
from dataclasses import replace
from typing import Any

import pytest

from ..domain.keys.stored_key import EncryptedKey
from ..ports.encrypted_key_repository import EncryptedKeyRepository
from .kit import RACERS, Counts, RepositoryContract


def new_key(number: int = 1, **changes: Any) -> EncryptedKey:
    """Return a key that follows the key of the number before. Key 1 follows no key."""
    key = EncryptedKey(
        kid=f"key-{number}",
        follows=f"key-{number - 1}" if number > 1 else "",
        published_at=1_800_000_000.123456 + number,
        activates_at=1_800_000_600.0 + number,
        encrypted=f"eyJhbGciOiJkaXIifQ..{number}." + "x" * 5_000,
    )
    return replace(key, **changes)


class EncryptedKeyRepositoryContract(RepositoryContract[EncryptedKeyRepository]):
    """Behaviour and concurrency."""

    async def test_keys_are_listed_as_added(self, repository: EncryptedKeyRepository) -> None:
        """The list is empty at first, and then has every key with every field."""
        assert list(await repository.list_keys()) == [], "list_keys of an empty store returned a key"
        for number in (1, 2, 3):
            assert await repository.add(new_key(number)), "add returned False for a new key"
        assert sorted(await repository.list_keys(), key=lambda key: key.kid) == [new_key(1), new_key(2), new_key(3)], (
            "list_keys did not return every key with every field as added"
        )

    @pytest.mark.parametrize(
        "again", [new_key(2, follows="key-9"), new_key(3, follows="key-1")], ids=["same kid", "same predecessor"]
    )
    async def test_add_refuses_a_second_successor_or_kid(
        self, repository: EncryptedKeyRepository, again: EncryptedKey
    ) -> None:
        """A second key with the same ``kid`` or the same predecessor is refused and changes nothing."""
        assert await repository.add(new_key(1)), "add returned False for the first key"
        assert await repository.add(new_key(2)), "add returned False for a key that follows another"
        assert not await repository.add(again), "add accepted a second key with one kid or one predecessor"
        assert sorted(await repository.list_keys(), key=lambda key: key.kid) == [new_key(1), new_key(2)], (
            "a refused add changed the stored keys"
        )

    async def test_reschedule_needs_the_expected_time(self, repository: EncryptedKeyRepository) -> None:
        """A call that expects the stored time changes it. A second call that expects the same time does not."""
        await repository.add(new_key())
        old = new_key().activates_at
        assert await repository.reschedule("key-1", expected=old, activates_at=5.5), (
            "reschedule refused the stored time"
        )
        assert not await repository.reschedule("key-1", expected=old, activates_at=6.5), (
            "reschedule accepted another time than the stored one: it is not a compare-and-swap"
        )
        assert not await repository.reschedule("key-2", expected=old, activates_at=6.5), (
            "reschedule returned True for an unknown key"
        )
        assert list(await repository.list_keys()) == [new_key(activates_at=5.5)], (
            "reschedule did not store the time, or changed something else"
        )

    async def test_replace_encryption_needs_the_expected_text(self, repository: EncryptedKeyRepository) -> None:
        """The encrypted text is replaced only if it is the expected one."""
        await repository.add(new_key())
        assert not await repository.replace_encryption("key-1", expected="other", encrypted="new"), (
            "replace_encryption accepted another text than the stored one: it is not a compare-and-swap"
        )
        assert await repository.replace_encryption("key-1", expected=new_key().encrypted, encrypted="new"), (
            "replace_encryption refused the stored text"
        )
        assert not await repository.replace_encryption("key-2", expected="new", encrypted="newer"), (
            "replace_encryption returned True for an unknown key"
        )
        assert list(await repository.list_keys()) == [new_key(encrypted="new")], (
            "replace_encryption did not store the text, or changed something else"
        )

    async def test_removed_key_can_be_replaced(self, repository: EncryptedKeyRepository) -> None:
        """A key is removed once, and then another key can follow the same predecessor."""
        await repository.add(new_key(1))
        await repository.add(new_key(2))
        assert await repository.remove("key-2"), "remove returned False for a key that was added"
        assert not await repository.remove("key-2"), "remove returned True for a key that was removed already"
        assert await repository.add(new_key(3, follows="key-1")), (
            "add refused a successor although the one before was removed"
        )
        assert {key.kid for key in await repository.list_keys()} == {"key-1", "key-3"}, (
            "list_keys has a removed key, or lacks another"
        )

    @pytest.mark.proof("stores")
    async def test_one_of_many_adds_wins(self, proof: Counts) -> None:
        """Of racing keys with the same predecessor, exactly one is stored."""
        racers = await self.racers()
        for number in range(1, 1 + proof.count("races to add a key", small=5, full=200)):
            rivals = [new_key(number, kid=f"key-{number}-{racer}", follows=f"race-{number}") for racer in range(RACERS)]
            added = await asyncio.gather(*(racer.add(rival) for racer, rival in zip(racers, rivals, strict=True)))
            assert sum(added) == 1, f"{sum(added)} of {RACERS} racing keys with one predecessor were stored, not one"
            [stored] = [key for key in await racers[0].list_keys() if key.follows == f"race-{number}"]
            assert stored == rivals[added.index(True)], (
                "the stored key is not the one of the call of add that returned True"
            )

    async def test_one_of_many_reschedules_wins(self) -> None:
        """Of racing changes that expect the same time, exactly one is made."""
        racers = await self.racers()
        await racers[0].add(new_key())
        old = new_key().activates_at
        changed = await asyncio.gather(
            *(
                racer.reschedule("key-1", expected=old, activates_at=float(number))
                for number, racer in enumerate(racers)
            )
        )
        assert sum(changed) == 1, (
            f"{sum(changed)} of {RACERS} racing calls of reschedule returned True: it is not a compare-and-swap"
        )
        [stored] = await racers[0].list_keys()
        assert stored.activates_at == changed.index(True), (
            "the stored time is not the one of the call of reschedule that returned True"
        )
