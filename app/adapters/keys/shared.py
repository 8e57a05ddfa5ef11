"""Keys in a shared store, encrypted."""

from collections.abc import Sequence

from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.serialization import load_der_private_key

from ...domain.errors import ConfigurationError
from ...domain.model.signing_key import SigningKey, StoredKey
from ...ports.sealed_keys import KeySealer, SealedKey, SealedKeyRepository
from .fitness import check_fitness
from .pem import thumbprint


class SharedKeyRing:
    """Opens and judges each key once, when it first sees it."""

    def __init__(self, *, repository: SealedKeyRepository, sealer: KeySealer) -> None:
        self._repository = repository
        self._sealer = sealer
        self._opened: dict[tuple[str, str], bytes] = {}

    async def load(self) -> Sequence[StoredKey]:
        keys = await self._repository.all()
        self._opened = {(key.kid, key.sealed): self._open(key) for key in keys}
        return [
            StoredKey(SigningKey(key.kid, key.activates_at, key.published_at), self._opened[key.kid, key.sealed])
            for key in keys
        ]

    async def add(self, stored: StoredKey, *, follows: str | None) -> bool:
        key = stored.key
        sealed = self._sealer.seal(stored.pkcs8, kid=key.kid)
        return await self._repository.add(SealedKey(key.kid, follows or "", key.published_at, key.activates_at, sealed))

    async def reschedule(self, kid: str, *, expected: float, activates_at: float) -> bool:
        return await self._repository.reschedule(kid, expected=expected, activates_at=activates_at)

    async def remove(self, kid: str) -> bool:
        return await self._repository.remove(kid)

    async def reencrypt(self) -> int:
        """Seal by the newest encryption key what others sealed; return how many keys that were."""
        done = 0
        for key in await self._repository.all():
            if not self._sealer.is_current(key.sealed):
                sealed = self._sealer.seal(self._open(key), kid=key.kid)
                done += await self._repository.reseal(key.kid, expected=key.sealed, sealed=sealed)
        return done

    def _open(self, key: SealedKey) -> bytes:
        if (key.kid, key.sealed) in self._opened:
            return self._opened[key.kid, key.sealed]
        pkcs8 = self._sealer.open(key.sealed, kid=key.kid)
        source = f"The stored signing key {key.kid}"
        try:
            private_key = load_der_private_key(pkcs8, password=None)
        except ValueError as error:
            raise ConfigurationError(f"{source} is damaged; restore it, or remove it.") from error
        if not isinstance(private_key, RSAPrivateKey):
            raise ConfigurationError(f"{source} is not an RSA key; remove it.")
        numbers = private_key.public_key().public_numbers()
        check_fitness(numbers, source=source)
        if thumbprint(numbers) != key.kid:
            raise ConfigurationError(f"{source} is another key; remove it.")
        return pkcs8
