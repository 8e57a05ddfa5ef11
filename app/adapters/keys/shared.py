"""The signing keys of a shared store, in which they are encrypted."""

from collections.abc import Sequence
from dataclasses import replace

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


class SharedKeyRing(KeyRing):
    """Encrypts and decrypts the keys of ``repository``. A key is decrypted and checked once, when it is first read."""

    def __init__(self, *, repository: EncryptedKeyRepository, encryption: KeyEncryption) -> None:
        self._repository = repository
        self._encryption = encryption
        self._cache: dict[tuple[str, str], StoredKey] = {}

    async def load(self) -> Sequence[StoredKey]:
        keys = await self._repository.list_keys()
        self._cache = {(key.kid, key.encrypted): self._decrypt(key) for key in keys}
        return [
            replace(self._cache[key.kid, key.encrypted], key=SigningKey(key.kid, key.activates_at, key.published_at))
            for key in keys
        ]

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
        """Encrypt all keys with the newest encryption key; return how many had been encrypted with another one."""
        changed = 0
        for key in await self._repository.list_keys():
            if not self._encryption.is_current(key.encrypted):
                encrypted = self._encryption.encrypt(self._decrypt(key).pkcs8, kid=key.kid)
                changed += await self._repository.replace_encryption(
                    key.kid, expected=key.encrypted, encrypted=encrypted
                )
        return changed

    def _decrypt(self, key: EncryptedKey) -> StoredKey:
        if (key.kid, key.encrypted) in self._cache:
            return self._cache[key.kid, key.encrypted]
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
