"""The encryption of signing keys."""

from typing import Protocol


class KeyEncryption(Protocol):
    """Encrypts private keys. It does no I/O."""

    def encrypt(self, pkcs8: bytes, *, kid: str) -> str:
        """Return the private key, encrypted by the newest encryption key and bound to ``kid``."""
        ...

    def decrypt(self, encrypted: str, *, kid: str) -> bytes:
        """Return the private key that was given to ``encrypt``.

        Raises ``ConfigurationError`` if no encryption key decrypts it, or it was encrypted for another ``kid``.
        """
        ...

    def is_current(self, encrypted: str) -> bool:
        """Tell whether ``encrypted`` was encrypted by the newest encryption key."""
        ...
