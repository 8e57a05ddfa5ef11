"""Repositories of sealed keys that are wrong in one way each, to show that the kit notices."""

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from app.adapters.memory.encrypted_keys import MemoryEncryptedKeyRepository
from app.domain.keys.encrypted_key import EncryptedKey


class Racy(MemoryEncryptedKeyRepository):
    """Gets, lets others run, and then updates what it got: what they did in between is lost."""

    async def add(self, key: EncryptedKey) -> bool:
        await self._get_then_wait()
        return await super().add(key)

    async def reschedule(self, kid: str, **change: Any) -> bool:
        await self._get_then_wait()
        return await super().reschedule(kid, **change)

    async def _get_then_wait(self) -> None:
        got = dict(self._keys)
        await asyncio.sleep(0)
        self._keys = got


class Overwriting(MemoryEncryptedKeyRepository):
    """Puts a key in the place of another."""

    async def add(self, key: EncryptedKey) -> bool:
        self._keys[key.kid] = key
        return True


class Careless(MemoryEncryptedKeyRepository):
    """Changes whatever is there, whatever was expected."""

    async def reschedule(self, kid: str, *, expected: float, activates_at: float) -> bool:
        known = kid in self._keys
        if known:
            self._keys[kid] = replace(self._keys[kid], activates_at=activates_at)
        return known

    async def replace_encrypted(self, kid: str, *, expected: str, encrypted: str) -> bool:
        known = kid in self._keys
        if known:
            self._keys[kid] = replace(self._keys[kid], encrypted=encrypted)
        return known


class Boastful(MemoryEncryptedKeyRepository):
    """Says that it deleted what was gone already."""

    async def remove(self, kid: str) -> bool:
        await super().remove(kid)
        return True


class Jealous(MemoryEncryptedKeyRepository):
    """Lets nobody follow a key that was followed once."""

    def __init__(self) -> None:
        super().__init__()
        self._followed: set[str] = set()

    async def add(self, key: EncryptedKey) -> bool:
        if key.follows in self._followed or not await super().add(key):
            return False
        self._followed.add(key.follows)
        return True


class Rounding(MemoryEncryptedKeyRepository):
    """Keeps whole seconds."""

    async def list_keys(self) -> Sequence[EncryptedKey]:
        return [replace(key, published_at=float(int(key.published_at))) for key in await super().list_keys()]
