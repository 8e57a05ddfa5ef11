"""The signing keys of a shared store, in which they are encrypted."""

import asyncio
import logging
from collections.abc import Sequence
from dataclasses import replace
from typing import Final

from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.serialization import load_der_private_key

from ...domain.errors import ConfigurationError
from ...domain.keys.signing_key import SigningKey
from ...domain.keys.stored_key import EncryptedKey, StoredKey
from ...ports.encrypted_key_repository import EncryptedKeyRepository
from ...ports.key_encryption import KeyEncryption
from ...ports.key_ring import KeyRing
from .fitness import check_fitness
from .rsa_key import to_stored_key

_LOG: Final = logging.getLogger("keyturn.keys")


class SharedKeyRing(KeyRing):
    """Encrypts and decrypts the keys of ``repository``. A key is decrypted and checked once, when it is first read.

    A key that was read once stays known, because its ``kid`` names its material (RFC 7638): if what is stored is
    damaged later, it goes on to sign and to verify here.
    """

    def __init__(self, *, repository: EncryptedKeyRepository, encryption: KeyEncryption) -> None:
        self._repository = repository
        self._encryption = encryption
        self._known: dict[str, StoredKey] = {}
        self._read: dict[str, str] = {}
        self._faults: dict[str, str] = {}

    async def load(self) -> Sequence[StoredKey]:
        """Return all keys. If none can be read, the configuration is wrong, and no key is at fault."""
        keys = await self._repository.list_keys()
        kids = {key.kid for key in keys}
        self._known = {kid: stored for kid, stored in self._known.items() if kid in kids}
        faults = {key.kid: fault for key in keys if (fault := await self._learn(key)) is not None}
        if faults and not self._known:
            raise next(iter(faults.values()))
        self._log({kid: str(fault) for kid, fault in faults.items()})
        return [self._stored(key) for key in keys]

    async def add(self, stored: StoredKey, *, follows: str | None) -> bool:
        key = stored.key
        encrypted = self._encryption.encrypt(stored.pkcs8, kid=key.kid)
        return await self._repository.add(
            EncryptedKey(key.kid, follows or "", key.published_at, key.activates_at, encrypted)
        )

    async def reschedule(self, kid: str, *, expected: float, activates_at: float) -> bool:
        return await self._repository.reschedule(kid, expected=expected, activates_at=activates_at)

    async def remove(self, kid: str) -> bool:
        return await self._repository.remove(kid)

    async def reencrypt(self) -> int:
        """Encrypt all keys with the newest encryption key; return how many had been encrypted with another one.

        Raises ``ConfigurationError`` for a key that cannot be read, after all others.
        """
        changed, faults = 0, []
        for key in await self._repository.list_keys():
            if not self._encryption.is_current(key.encrypted):
                try:
                    stored = await asyncio.to_thread(self._decrypt, key)
                    encrypted = self._encryption.encrypt(stored.pkcs8, kid=key.kid)
                except ConfigurationError as error:
                    faults.append(error)
                    continue
                changed += await self._repository.replace_encryption(
                    key.kid, expected=key.encrypted, encrypted=encrypted
                )
        if faults:
            raise faults[0]
        return changed

    async def _learn(self, key: EncryptedKey) -> ConfigurationError | None:
        """Read a key unless it was read before; return why that fails. To check its primes takes 30 ms, in a thread."""
        if self._read.get(key.kid) == key.encrypted and key.kid in self._known:
            return None
        try:
            self._known[key.kid] = await asyncio.to_thread(self._decrypt, key)
        except ConfigurationError as error:
            return error
        self._read[key.kid] = key.encrypted
        return None

    def _stored(self, key: EncryptedKey) -> StoredKey:
        times = SigningKey(key.kid, key.activates_at, key.published_at)
        known = self._known.get(key.kid)
        return StoredKey(times, b"", fault=self._faults[key.kid]) if known is None else replace(known, key=times)

    def _log(self, faults: dict[str, str]) -> None:
        """Log the faults that are new."""
        for kid, fault in faults.items():
            if self._faults.get(kid) != fault:
                _LOG.error("a signing key cannot be read: %s", fault, extra={"fields": {"kid": kid}})
        self._faults = faults

    def _decrypt(self, key: EncryptedKey) -> StoredKey:
        pkcs8 = self._encryption.decrypt(key.encrypted, kid=key.kid)
        source = f"The stored signing key {key.kid}"
        try:
            private_key = load_der_private_key(pkcs8, password=None)
        except ValueError as error:
            raise ConfigurationError(f"{source} is damaged; restore it, or remove it.") from error
        if not isinstance(private_key, RSAPrivateKey):
            raise ConfigurationError(f"{source} is not an RSA key; remove it.")
        check_fitness(private_key.public_key().public_numbers(), source=source)
        stored = to_stored_key(private_key)
        if stored.key.kid != key.kid:
            raise ConfigurationError(f"{source} is another key; remove it.")
        return stored
