"""Repositories of sealed keys that are wrong in one way each, to show that the kit notices."""

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from app.adapters.memory.sealed_keys import MemorySealedKeyRepository
from app.ports.sealed_keys import SealedKey


class Racy(MemorySealedKeyRepository):
    """Gets, lets others run, and then updates what it got: what they did in between is lost."""

    async def add(self, key: SealedKey) -> bool:
        await self._get_then_wait()
        return await super().add(key)

    async def reschedule(self, kid: str, **change: Any) -> bool:
        await self._get_then_wait()
        return await super().reschedule(kid, **change)

    async def _get_then_wait(self) -> None:
        got = dict(self._keys)
        await asyncio.sleep(0)
        self._keys = got


class Overwriting(MemorySealedKeyRepository):
    """Puts a key in the place of another."""

    async def add(self, key: SealedKey) -> bool:
        self._keys[key.kid] = key
        return True


class Careless(MemorySealedKeyRepository):
    """Changes whatever is there, whatever was expected."""

    async def reschedule(self, kid: str, *, expected: float, activates_at: float) -> bool:
        known = kid in self._keys
        if known:
            self._keys[kid] = replace(self._keys[kid], activates_at=activates_at)
        return known

    async def reseal(self, kid: str, *, expected: str, sealed: str) -> bool:
        known = kid in self._keys
        if known:
            self._keys[kid] = replace(self._keys[kid], sealed=sealed)
        return known


class Boastful(MemorySealedKeyRepository):
    """Says that it deleted what was gone already."""

    async def remove(self, kid: str) -> bool:
        await super().remove(kid)
        return True


class Jealous(MemorySealedKeyRepository):
    """Lets nobody follow a key that was followed once."""

    def __init__(self) -> None:
        super().__init__()
        self._followed: set[str] = set()

    async def add(self, key: SealedKey) -> bool:
        if key.follows in self._followed or not await super().add(key):
            return False
        self._followed.add(key.follows)
        return True


class Rounding(MemorySealedKeyRepository):
    """Keeps whole seconds."""

    async def all(self) -> Sequence[SealedKey]:
        return [replace(key, published_at=float(int(key.published_at))) for key in await super().all()]
