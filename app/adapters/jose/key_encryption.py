"""Encrypt private keys: JWE with ``dir`` and A256GCM (RFC 7516; RFC 7518 §4.5, §5.3)."""

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

_REGISTRY: Final = jwe.JWERegistry(algorithms=["dir", "A256GCM"], strict_check_header=False)


class JoseKeyEncryption(KeyEncryption):
    """Encrypts with the first of the encryption keys, and decrypts with all of them. ``keys`` are 32 bytes each.

    The header of a JWE names the encryption key in ``kid``, by the beginning of its SHA-256, and the signing key in
    ``sub``. So a JWE that was stored in place of the JWE of another key is refused.
    """

    def __init__(self, *keys: bytes) -> None:
        self._keys: Mapping[str, OctKey] = {_name(key): OctKey.import_key(key) for key in keys}
        self._newest = next(iter(self._keys), "")

    def encrypt(self, pkcs8: bytes, *, kid: str) -> str:
        header = {"alg": "dir", "enc": "A256GCM", "kid": self._newest, "sub": kid}
        return jwe.encrypt_compact(header, pkcs8, self._keys[self._newest], registry=_REGISTRY)

    def decrypt(self, encrypted: str, *, kid: str) -> bytes:
        name = _encryption_key_name(encrypted)
        if name not in self._keys:
            raise ConfigurationError(
                f"The signing key {kid} was encrypted with another key than KEYTURN_KEY_ENCRYPTION_KEY; give that key,"
                " or both keys, the new one first, with a comma between them."
            )
        try:
            decrypted = jwe.decrypt_compact(encrypted, self._keys[name], registry=_REGISTRY)
        except (JoseError, ValueError) as error:
            raise ConfigurationError(f"The stored signing key {kid} is damaged; restore it, or remove it.") from error
        if decrypted.protected.get("sub") != kid or decrypted.plaintext is None:
            raise ConfigurationError(f"The stored signing key {kid} is another key; remove it.")
        return decrypted.plaintext

    def is_current(self, encrypted: str) -> bool:
        return _encryption_key_name(encrypted) == self._newest


def _encryption_key_name(encrypted: str) -> str:
    """Return the name of the encryption key that a JWE was made with, or "" if it cannot be read."""
    try:
        header = strict_json.loads(base64url.decode(encrypted.partition(".")[0]))
    except ValueError:
        return ""
    return str(header.get("kid")) if isinstance(header, dict) else ""


def _name(key: bytes) -> str:
    return hashlib.sha256(b"keyturn key encryption key\0" + key).hexdigest()[:16]
