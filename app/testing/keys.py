"""Signing keys without key material."""

from collections.abc import Sequence
from dataclasses import replace

from ..domain.keys.signing_key import SigningKey
from ..domain.keys.stored_key import StoredKey
from ..ports.key_generator import KeyGenerator
from ..ports.key_ring import KeyRing
from ..ports.key_store import KeyStore


class FakeKeyStore(KeyStore):
    """The keys that a test puts into ``stored``."""

    def __init__(self, *keys: StoredKey) -> None:
        self.stored = keys

    async def load(self) -> Sequence[StoredKey]:
        return self.stored


class FakeKeyRing(KeyRing):
    """A list of keys. ``loads`` counts the calls of ``load``. No method awaits, so each is atomic on the event loop."""

    def __init__(self, *keys: StoredKey) -> None:
        self.stored = list(keys)
        self.loads = 0

    async def load(self) -> Sequence[StoredKey]:
        self.loads += 1
        return tuple(self.stored)

    async def add(self, stored: StoredKey, *, follows: str | None) -> bool:
        last = max(self.stored, key=lambda each: each.key.activates_at, default=None)
        if follows != (None if last is None else last.key.kid):
            return False
        self.stored.append(stored)
        return True

    async def reschedule(self, kid: str, *, expected: float, activates_at: float) -> bool:
        for index, each in enumerate(self.stored):
            if (each.key.kid, each.key.activates_at) == (kid, expected):
                self.stored[index] = replace(each, key=SigningKey(kid, activates_at, each.key.published_at))
                return True
        return False

    async def remove(self, kid: str) -> bool:
        others = [each for each in self.stored if each.key.kid != kid]
        removed = len(others) < len(self.stored)
        self.stored = others
        return removed


class FakeKeyGenerator(KeyGenerator):
    """Generates keys with the names ``key-1``, ``key-2`` and so on."""

    def __init__(self) -> None:
        self.made = 0

    async def generate(self, *, published_at: float, activates_at: float) -> StoredKey:
        self.made += 1
        return StoredKey(SigningKey(f"key-{self.made}", activates_at, published_at), b"")
