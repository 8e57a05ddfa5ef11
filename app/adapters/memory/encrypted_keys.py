"""Encrypted signing keys in memory."""

from collections.abc import Sequence
from dataclasses import replace

from ...domain.keys.stored_key import EncryptedKey
from ...ports.encrypted_key_repository import EncryptedKeyRepository


class MemoryEncryptedKeyRepository(EncryptedKeyRepository):
    """Keeps keys in one dictionary. No method awaits anything, so each is atomic on the event loop."""

    def __init__(self) -> None:
        self._keys: dict[str, EncryptedKey] = {}

    async def list_keys(self) -> Sequence[EncryptedKey]:
        return list(self._keys.values())

    async def add(self, key: EncryptedKey) -> bool:
        if key.kid in self._keys or any(each.follows == key.follows for each in self._keys.values()):
            return False
        self._keys[key.kid] = key
        return True

    async def reschedule(self, kid: str, *, expected: float, activates_at: float) -> bool:
        key = self._keys.get(kid)
        if key is None or key.activates_at != expected:
            return False
        self._keys[kid] = replace(key, activates_at=activates_at)
        return True

    async def replace_encryption(self, kid: str, *, expected: str, encrypted: str) -> bool:
        key = self._keys.get(kid)
        if key is None or key.encrypted != expected:
            return False
        self._keys[kid] = replace(key, encrypted=encrypted)
        return True

    async def remove(self, kid: str) -> bool:
        return self._keys.pop(kid, None) is not None
