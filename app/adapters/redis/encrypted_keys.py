"""Encrypted signing keys in Redis or Valkey. They are all in one slot, and never expire."""

from collections.abc import Sequence
from dataclasses import replace

from ...domain.keys.stored_key import EncryptedKey
from ...ports.encrypted_key_repository import EncryptedKeyRepository
from ..records.encoding import decode, encode
from ..records.encrypted_keys import encrypted_key_of, encrypted_key_record
from ..unreadable import readable
from .commands import RedisCommands
from .redis_keys import SIGNING_KEY_SUCCESSORS, SIGNING_KEYS
from .script import ADD_SIGNING_KEY, REMOVE_SIGNING_KEY, REPLACE_SIGNING_KEY


class RedisEncryptedKeyRepository(EncryptedKeyRepository):
    """Keeps the signing keys as JSON in one hash. Another hash maps the ``kid`` of a key to that of its successor."""

    def __init__(self, commands: RedisCommands) -> None:
        self._commands = commands

    async def list_keys(self) -> Sequence[EncryptedKey]:
        found = (_readable(kid, value) for kid, value in (await self._stored()).items())
        return [each for each in found if each is not None]

    async def add(self, key: EncryptedKey) -> bool:
        hashes = [SIGNING_KEYS, SIGNING_KEY_SUCCESSORS]
        return bool(await self._commands.run_script(ADD_SIGNING_KEY, hashes, key.kid, key.follows, _dump(key)))

    async def reschedule(self, kid: str, *, expected: float, activates_at: float) -> bool:
        stored = (await self._stored()).get(kid.encode(), b"")
        key = _readable(kid.encode(), stored) if stored else None
        if key is None or key.activates_at != expected:
            return False
        return await self._replace(kid, stored, replace(key, activates_at=activates_at))

    async def replace_encryption(self, kid: str, *, expected: str, encrypted: str) -> bool:
        stored = (await self._stored()).get(kid.encode(), b"")
        key = _readable(kid.encode(), stored) if stored else None
        if key is None or key.encrypted != expected:
            return False
        return await self._replace(kid, stored, replace(key, encrypted=encrypted))

    async def remove(self, kid: str) -> bool:
        return bool(await self._commands.run_script(REMOVE_SIGNING_KEY, [SIGNING_KEYS, SIGNING_KEY_SUCCESSORS], kid))

    async def _replace(self, kid: str, stored: bytes, new: EncryptedKey) -> bool:
        """Replace a signing key if its stored JSON is ``stored``; return whether this call made the change."""
        return bool(await self._commands.run_script(REPLACE_SIGNING_KEY, [SIGNING_KEYS], kid, stored, _dump(new)))

    async def _stored(self) -> dict[bytes, bytes]:
        [signing_keys] = await self._commands.run_command("HGETALL", [SIGNING_KEYS])
        return dict(signing_keys)


def _dump(key: EncryptedKey) -> str:
    return encode(encrypted_key_record(key)).decode("ascii")


def _readable(kid: bytes, value: bytes) -> EncryptedKey | None:
    return readable("signing key", kid.decode(errors="replace"), lambda: encrypted_key_of(decode(value)))
