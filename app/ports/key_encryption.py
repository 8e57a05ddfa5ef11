"""The encryption of signing keys."""

from typing import Protocol


class KeyEncryption(Protocol):
    """Encrypts private keys. It does no I/O."""

    def encrypt(self, pkcs8: bytes, *, kid: str) -> str:
        """Return the private key ``pkcs8``, encrypted with the newest encryption key and bound to ``kid``."""
        ...

    def decrypt(self, encrypted: str, *, kid: str) -> bytes:
        """Return the private key that ``encrypt`` encrypted.

        Raises ``ConfigurationError`` if no encryption key decrypts it, or it was encrypted for another ``kid``.
        """
        ...

    def is_current(self, encrypted: str) -> bool:
        """Return whether ``encrypted`` was encrypted with the newest encryption key."""
        ...
