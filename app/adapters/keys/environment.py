"""A signing key from an environment variable, or from a file that a variable names."""

from collections.abc import Sequence
from pathlib import Path
from typing import Final

from ...domain.keys.stored_key import StoredKey
from ...ports.key_store import KeyStore
from .key_file import naming, read_key_file
from .pem import read_private_key

_FILE_SETTING: Final = "KEYTURN_SIGNING_KEY_FILE"


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
        with naming(_FILE_SETTING):
            pem = read_key_file(self._path)
            return (read_private_key(pem, passphrase=self._passphrase, source=str(self._path)),)
