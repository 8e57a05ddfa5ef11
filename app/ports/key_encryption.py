"""Encrypting signing keys."""

from typing import Protocol


class KeyEncryption(Protocol):
    """Encrypts private keys. It does no I/O."""

    def encrypt(self, pkcs8: bytes, *, kid: str) -> str:
        """Return the private half of a key, sealed by the newest encryption key."""
        ...

    def decrypt(self, encrypted: str, *, kid: str) -> bytes:
        """Return the private half that ``encrypt`` was given.

        Raises ``ConfigurationError`` if no encryption key decrypts it, or it was encrypted for another ``kid``.
        """
        ...

    def is_current(self, encrypted: str) -> bool:
        """Tell whether it was sealed by the newest encryption key."""
        ...
