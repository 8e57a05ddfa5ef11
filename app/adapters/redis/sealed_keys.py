"""Sealed signing keys in Redis or Valkey. They are all in one slot, and never expire."""

import json
from collections.abc import Sequence
from dataclasses import asdict, replace

from ...ports.sealed_keys import SealedKey
from .exchange import Exchange
from .keys import SIGNING_KEY_SUCCESSORS, SIGNING_KEYS
from .scripts import ADD_KEY, REMOVE_KEY, REPLACE_KEY


class RedisSealedKeyRepository:
    """A hash of the keys, each as JSON, and one of which key follows which."""

    def __init__(self, exchange: Exchange) -> None:
        self._exchange = exchange

    async def all(self) -> Sequence[SealedKey]:
        return [_read(value) for value in (await self._stored()).values()]

    async def add(self, key: SealedKey) -> bool:
        keys = [SIGNING_KEYS, SIGNING_KEY_SUCCESSORS]
        return bool(await self._exchange.run(ADD_KEY, keys, key.kid, key.follows, _write(key)))

    async def reschedule(self, kid: str, *, expected: float, activates_at: float) -> bool:
        stored = (await self._stored()).get(kid.encode())
        if stored is None or _read(stored).activates_at != expected:
            return False
        return await self._replace(kid, stored, replace(_read(stored), activates_at=activates_at))

    async def reseal(self, kid: str, *, expected: str, sealed: str) -> bool:
        stored = (await self._stored()).get(kid.encode())
        if stored is None or _read(stored).sealed != expected:
            return False
        return await self._replace(kid, stored, replace(_read(stored), sealed=sealed))

    async def remove(self, kid: str) -> bool:
        return bool(await self._exchange.run(REMOVE_KEY, [SIGNING_KEYS, SIGNING_KEY_SUCCESSORS], kid))

    async def _replace(self, kid: str, stored: bytes, new: SealedKey) -> bool:
        """Swap the whole of a key: whatever was changed meanwhile makes this a lost race."""
        return bool(await self._exchange.run(REPLACE_KEY, [SIGNING_KEYS], kid, stored, _write(new)))

    async def _stored(self) -> dict[bytes, bytes]:
        [answer] = await self._exchange.read([SIGNING_KEYS], "HGETALL")
        return dict(answer)


def _write(key: SealedKey) -> str:
    return json.dumps(asdict(key), sort_keys=True)


def _read(value: bytes) -> SealedKey:
    return SealedKey(**json.loads(value))
