"""A signing key from an environment variable, or from a file that a variable names."""

from collections.abc import Sequence
from pathlib import Path

from ...domain.keys.stored_key import StoredKey
from ...ports.key_store import KeyStore
from .key_file import read_key_file
from .pem import read_private_key


class EnvironmentKeyStore(KeyStore):
    """Reads the key from ``pem``, the value of ``KEYTURN_SIGNING_KEY``."""

    def __init__(self, *, pem: str, passphrase: str | None) -> None:
        self._pem = pem
        self._passphrase = passphrase

    async def load(self) -> Sequence[StoredKey]:
        return (read_private_key(self._pem.encode(), passphrase=self._passphrase, source="KEYTURN_SIGNING_KEY"),)


class FileKeyStore(KeyStore):
    """Reads the key from the PEM file that ``KEYTURN_SIGNING_KEY_FILE`` names."""

    def __init__(self, *, path: Path, passphrase: str | None) -> None:
        self._path = path
        self._passphrase = passphrase

    async def load(self) -> Sequence[StoredKey]:
        return (read_private_key(read_key_file(self._path), passphrase=self._passphrase, source=str(self._path)),)
