"""Encrypted key repositories with one fault each."""

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from app.adapters.memory.encrypted_keys import MemoryEncryptedKeyRepository
from app.domain.keys.stored_key import EncryptedKey


class RacyKeys(MemoryEncryptedKeyRepository):
    """Each act reads, lets other tasks run, and then writes what it read: changes of the other tasks are lost."""

    async def add(self, key: EncryptedKey) -> bool:
        await self._read_then_wait()
        return await super().add(key)

    async def reschedule(self, kid: str, **change: Any) -> bool:
        await self._read_then_wait()
        return await super().reschedule(kid, **change)

    async def _read_then_wait(self) -> None:
        read = dict(self._keys)
        await asyncio.sleep(0)
        self._keys = read


class AddOverwrites(MemoryEncryptedKeyRepository):
    """``add`` replaces a key that has the same ``kid``, and accepts a second successor."""

    async def add(self, key: EncryptedKey) -> bool:
        self._keys[key.kid] = key
        return True


class ChangesIgnoreExpected(MemoryEncryptedKeyRepository):
    """``reschedule`` and ``replace_encryption`` ignore the expected value."""

    async def reschedule(self, kid: str, *, expected: float, activates_at: float) -> bool:
        known = kid in self._keys
        if known:
            self._keys[kid] = replace(self._keys[kid], activates_at=activates_at)
        return known

    async def replace_encryption(self, kid: str, *, expected: str, encrypted: str) -> bool:
        known = kid in self._keys
        if known:
            self._keys[kid] = replace(self._keys[kid], encrypted=encrypted)
        return known


class RemoveAlwaysSucceeds(MemoryEncryptedKeyRepository):
    """``remove`` returns ``True`` also for a key that is gone."""

    async def remove(self, kid: str) -> bool:
        await super().remove(kid)
        return True


class PredecessorStaysUsed(MemoryEncryptedKeyRepository):
    """After a successor was removed, no other key can follow the same predecessor."""

    def __init__(self) -> None:
        super().__init__()
        self._followed: set[str] = set()

    async def add(self, key: EncryptedKey) -> bool:
        if key.follows in self._followed or not await super().add(key):
            return False
        self._followed.add(key.follows)
        return True


class RoundsTimes(MemoryEncryptedKeyRepository):
    """Times are rounded to seconds."""

    async def list_keys(self) -> Sequence[EncryptedKey]:
        return [replace(key, published_at=float(int(key.published_at))) for key in await super().list_keys()]
