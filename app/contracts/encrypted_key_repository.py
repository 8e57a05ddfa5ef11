"""The contract of a repository of sealed signing keys (``app.ports.sealed_keys``)."""

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from itertools import cycle, islice
from typing import Any

import pytest
import pytest_asyncio

from ..domain.keys.encrypted_key import EncryptedKey
from ..ports.encrypted_key_repository import EncryptedKeyRepository
from .counts import CONNECTIONS, RACERS, Counts


def new_key(number: int = 1, **changes: Any) -> EncryptedKey:
    """Return a key; it follows the one of the number before, and number 1 none."""
    key = EncryptedKey(
        kid=f"key-{number}",
        follows=f"key-{number - 1}" if number > 1 else "",
        published_at=1_800_000_000.123456 + number,
        activates_at=1_800_000_600.0 + number,
        encrypted=f"eyJhbGciOiJkaXIifQ..{number}." + "x" * 5_000,
    )
    return replace(key, **changes)


class EncryptedKeyRepositoryContract:
    """Every sentence of the port holds; an adapter overrides ``connections``."""

    pytestmark = pytest.mark.asyncio

    async def connections(self, n: int) -> Sequence[EncryptedKeyRepository]:
        """Return ``n`` repositories over one store, which is empty."""
        raise NotImplementedError

    @pytest_asyncio.fixture
    async def keys(self) -> EncryptedKeyRepository:
        """Return the repository of a test that needs one."""
        [keys] = await self.connections(1)
        return keys

    async def test_what_was_added_is_there(self, keys: EncryptedKeyRepository) -> None:
        """Every key comes back as it was given, and nothing is there before."""
        assert list(await keys.list_keys()) == []
        for number in (1, 2, 3):
            assert await keys.add(new_key(number))
        assert sorted(await keys.list_keys(), key=lambda key: key.kid) == [new_key(1), new_key(2), new_key(3)]

    @pytest.mark.parametrize(
        "again", [new_key(2, follows="key-9"), new_key(3, follows="key-1")], ids=["same kid", "same predecessor"]
    )
    async def test_a_key_has_one_successor(self, keys: EncryptedKeyRepository, again: EncryptedKey) -> None:
        """A second key of a ``kid``, or that follows the same key, is refused and changes nothing."""
        assert await keys.add(new_key(1))
        assert await keys.add(new_key(2))
        assert not await keys.add(again)
        assert sorted(await keys.list_keys(), key=lambda key: key.kid) == [new_key(1), new_key(2)]

    async def test_a_time_is_changed_once(self, keys: EncryptedKeyRepository) -> None:
        """Whoever expects the time that is stored sets another; the next who expects that one does not."""
        await keys.add(new_key())
        old = new_key().activates_at
        assert await keys.reschedule("key-1", expected=old, activates_at=5.5)
        assert not await keys.reschedule("key-1", expected=old, activates_at=6.5)
        assert not await keys.reschedule("key-2", expected=old, activates_at=6.5)
        assert list(await keys.list_keys()) == [new_key(activates_at=5.5)]

    async def test_a_key_is_sealed_anew(self, keys: EncryptedKeyRepository) -> None:
        """What it was sealed as is replaced where it is what is expected."""
        await keys.add(new_key())
        assert not await keys.replace_encrypted("key-1", expected="other", encrypted="new")
        assert await keys.replace_encrypted("key-1", expected=new_key().encrypted, encrypted="new")
        assert not await keys.replace_encrypted("key-2", expected="new", encrypted="newer")
        assert list(await keys.list_keys()) == [new_key(encrypted="new")]

    async def test_a_removed_key_leaves_its_place(self, keys: EncryptedKeyRepository) -> None:
        """It is deleted once, and another can follow the same key."""
        await keys.add(new_key(1))
        await keys.add(new_key(2))
        assert await keys.remove("key-2")
        assert not await keys.remove("key-2")
        assert await keys.add(new_key(3, follows="key-1"))
        assert {key.kid for key in await keys.list_keys()} == {"key-1", "key-3"}

    @pytest.mark.proof("stores")
    async def test_of_many_successors_one_is_kept(self, proof: Counts) -> None:
        """Of keys that are added at once to follow the same one, one is."""
        connections = await self.connections(CONNECTIONS)
        for number in range(1, 1 + proof.count("races to add a key", small=5, full=200)):
            racers = [new_key(number, kid=f"key-{number}-{racer}", follows=f"race-{number}") for racer in range(RACERS)]
            added = await asyncio.gather(
                *(one.add(key) for one, key in zip(islice(cycle(connections), RACERS), racers, strict=True))
            )
            assert sum(added) == 1
            [kept] = [key for key in await connections[0].list_keys() if key.follows == f"race-{number}"]
            assert kept == racers[added.index(True)]

    async def test_of_many_changes_of_one_time_one_wins(self) -> None:
        """Of changes at once that expect one time, one is made."""
        connections = await self.connections(CONNECTIONS)
        await connections[0].add(new_key())
        old = new_key().activates_at
        changed = await asyncio.gather(
            *(
                one.reschedule("key-1", expected=old, activates_at=float(racer))
                for racer, one in enumerate(islice(cycle(connections), RACERS))
            )
        )
        assert sum(changed) == 1
        [kept] = await connections[0].list_keys()
        assert kept.activates_at == changed.index(True)
