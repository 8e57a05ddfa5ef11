"""Sealed signing keys in Redis or Valkey. They are all in one slot, and never expire."""

import json
from collections.abc import Sequence
from dataclasses import replace

from ...domain.keys.encrypted_key import EncryptedKey
from ...ports.encrypted_key_repository import EncryptedKeyRepository
from .exchange import Exchange
from .key_names import SIGNING_KEY_SUCCESSORS, SIGNING_KEYS
from .scripts import ADD_KEY, REMOVE_KEY, REPLACE_KEY


class RedisEncryptedKeyRepository(EncryptedKeyRepository):
    """A hash of the keys, each as JSON, and one of which key follows which."""

    def __init__(self, exchange: Exchange) -> None:
        self._exchange = exchange

    async def list_keys(self) -> Sequence[EncryptedKey]:
        return [_read(value) for value in (await self._stored()).values()]

    async def add(self, key: EncryptedKey) -> bool:
        keys = [SIGNING_KEYS, SIGNING_KEY_SUCCESSORS]
        return bool(await self._exchange.run(ADD_KEY, keys, key.kid, key.follows, _write(key)))

    async def reschedule(self, kid: str, *, expected: float, activates_at: float) -> bool:
        stored = (await self._stored()).get(kid.encode())
        if stored is None or _read(stored).activates_at != expected:
            return False
        return await self._replace(kid, stored, replace(_read(stored), activates_at=activates_at))

    async def replace_encrypted(self, kid: str, *, expected: str, encrypted: str) -> bool:
        stored = (await self._stored()).get(kid.encode())
        if stored is None or _read(stored).encrypted != expected:
            return False
        return await self._replace(kid, stored, replace(_read(stored), encrypted=encrypted))

    async def remove(self, kid: str) -> bool:
        return bool(await self._exchange.run(REMOVE_KEY, [SIGNING_KEYS, SIGNING_KEY_SUCCESSORS], kid))

    async def _replace(self, kid: str, stored: bytes, new: EncryptedKey) -> bool:
        """Swap the whole of a key: whatever was changed meanwhile makes this a lost race."""
        return bool(await self._exchange.run(REPLACE_KEY, [SIGNING_KEYS], kid, stored, _write(new)))

    async def _stored(self) -> dict[bytes, bytes]:
        [answer] = await self._exchange.read([SIGNING_KEYS], "HGETALL")
        return dict(answer)


def _write(key: EncryptedKey) -> str:
    members = {
        "activates_at": key.activates_at,
        "follows": key.follows,
        "kid": key.kid,
        "published_at": key.published_at,
        "sealed": key.encrypted,
    }
    return json.dumps(members)


def _read(value: bytes) -> EncryptedKey:
    members = json.loads(value)
    return EncryptedKey(
        members["kid"], members["follows"], members["published_at"], members["activates_at"], members["sealed"]
    )
