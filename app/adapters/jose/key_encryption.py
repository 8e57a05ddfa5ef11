"""Sealing private keys: JWE with ``dir`` and A256GCM (RFC 7516; RFC 7518 §4.5, §5.3)."""

import hashlib
from collections.abc import Mapping
from typing import Final

from joserfc import jwe
from joserfc.errors import JoseError
from joserfc.jwk import OctKey

from ...domain import base64url
from ...domain.errors import ConfigurationError
from ...ports.key_encryption import KeyEncryption
from .. import strict_json

KEY_BYTES: Final = 32

_ALGORITHMS: Final = ["dir", "A256GCM"]


class JoseKeyEncryption(KeyEncryption):
    """Seals by the first of its encryption keys, and opens by all of them. ``keys`` are 32 bytes each.

    Each JWE names its encryption key by the beginning of that key's SHA-256, and the signing key in ``sub``: put in the
    place of another, it does not open.
    """

    def __init__(self, *keys: bytes) -> None:
        self._keys: Mapping[str, OctKey] = {_name(key): OctKey.import_key(key) for key in keys}
        self._newest = next(iter(self._keys), "")

    def encrypt(self, pkcs8: bytes, *, kid: str) -> str:
        header = {"alg": "dir", "enc": "A256GCM", "kid": self._newest, "sub": kid}
        return jwe.encrypt_compact(header, pkcs8, self._keys[self._newest], registry=_REGISTRY)

    def decrypt(self, encrypted: str, *, kid: str) -> bytes:
        name = self._named(encrypted)
        if name not in self._keys:
            raise ConfigurationError(
                f"KEYTURN_KEY_ENCRYPTION_KEY is not the one that the signing key {kid} was encrypted by; give that one,"
                " or both, the new one first and a comma between them."
            )
        try:
            opened = jwe.decrypt_compact(encrypted, self._keys[name], registry=_REGISTRY)
        except (JoseError, ValueError) as error:
            raise ConfigurationError(f"The stored signing key {kid} is damaged; restore it, or remove it.") from error
        if opened.protected.get("sub") != kid or opened.plaintext is None:
            raise ConfigurationError(f"The stored signing key {kid} is another key; remove it.")
        return opened.plaintext

    def is_current(self, encrypted: str) -> bool:
        return self._named(encrypted) == self._newest

    @staticmethod
    def _named(encrypted: str) -> str:
        try:
            header = strict_json.loads(base64url.decode(encrypted.partition(".")[0]))
        except ValueError:
            return ""
        return str(header.get("kid")) if isinstance(header, dict) else ""


_REGISTRY: Final = jwe.JWERegistry(algorithms=_ALGORITHMS, strict_check_header=False)


def _name(key: bytes) -> str:
    return hashlib.sha256(b"keyturn key encryption key\0" + key).hexdigest()[:16]
