"""One signing key that the environment gives."""

from collections.abc import Sequence
from pathlib import Path

from ...domain.keys.stored_key import StoredKey
from ...ports.key_store import KeyStore
from .key_file import read_key_file
from .pem import read_private_key


class EnvironmentKeyStore(KeyStore):
    """Reads the key from ``KEYTURN_SIGNING_KEY``, which is PEM."""

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
