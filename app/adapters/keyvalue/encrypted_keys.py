"""Encrypted signing keys in a store of keys and values."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from hashlib import sha256
from typing import Final

from ...domain.keys.stored_key import EncryptedKey
from ...ports.encrypted_key_repository import EncryptedKeyRepository
from ..records.encoding import decode, encode
from ..records.encrypted_keys import encrypted_key_of, encrypted_key_record
from ..unreadable import readable
from .acts import Acts, attempts
from .client import ABSENT, Entry, KeyValueClient
from .session_keys import after_all

_PAGE: Final = 100


class KeyValueEncryptedKeyRepository(EncryptedKeyRepository):
    """Keeps each key below the SHA-256 of its ``kid``. Another entry, below that of the ``kid`` that it follows, allows
    one successor only.
    """

    def __init__(self, client: KeyValueClient, acts: Acts, prefix: bytes) -> None:
        self._client = client
        self._in_time = acts.in_time
        self._keys = prefix + b"k/"
        self._successors = prefix + b"f/"

    async def list_keys(self) -> Sequence[EncryptedKey]:
        found: list[EncryptedKey] = []
        start = self._keys
        async with self._in_time():
            while page := await self._client.range(start, after_all(self._keys), limit=_PAGE):
                found += [key for each in page if (key := _readable(each)) is not None]
                start = page[-1].key + b"\0"
        return found

    async def add(self, key: EncryptedKey) -> bool:
        stored, successor = self._key(key.kid), self._successor(key.follows)
        async with self._in_time():
            puts = {stored: _dump(key), successor: b""}
            return await self._client.commit({stored: ABSENT, successor: ABSENT}, puts, ())

    async def reschedule(self, kid: str, *, expected: float, activates_at: float) -> bool:
        return await self._replace(
            kid, lambda key: replace(key, activates_at=activates_at) if key.activates_at == expected else None
        )

    async def replace_encryption(self, kid: str, *, expected: str, encrypted: str) -> bool:
        return await self._replace(
            kid, lambda key: replace(key, encrypted=encrypted) if key.encrypted == expected else None
        )

    async def remove(self, kid: str) -> bool:
        async with self._in_time():
            async for _ in attempts():
                entry = await self._find(kid)
                if entry is None:
                    return False
                key = _readable(entry)
                deletes = [entry.key] if key is None else [entry.key, self._successor(key.follows)]
                if await self._client.commit({entry.key: entry.revision}, {}, deletes):
                    return True
        return False

    async def _replace(self, kid: str, change: Callable[[EncryptedKey], EncryptedKey | None]) -> bool:
        async with self._in_time():
            async for _ in attempts():
                entry = await self._find(kid)
                key = None if entry is None else _readable(entry)
                new = None if key is None else change(key)
                if entry is None or new is None:
                    return False
                if await self._client.commit({entry.key: entry.revision}, {entry.key: _dump(new)}, ()):
                    return True
        return False

    async def _find(self, kid: str) -> Entry | None:
        return next(iter(await self._client.get([self._key(kid)])), None)

    def _key(self, kid: str) -> bytes:
        return self._keys + sha256(kid.encode()).digest()

    def _successor(self, follows: str) -> bytes:
        return self._successors + sha256(follows.encode()).digest()


def _dump(key: EncryptedKey) -> bytes:
    return encode(encrypted_key_record(key))


def _readable(entry: Entry) -> EncryptedKey | None:
    name = entry.key[-32:].hex()
    return readable("signing key", name, partial(_load, entry.value))


def _load(value: bytes) -> EncryptedKey:
    return encrypted_key_of(decode(value))
