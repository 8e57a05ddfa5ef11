"""Tokens that the service would never issue."""

import json
from collections.abc import Mapping
from typing import Any

from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from app.adapters.keys.rsa_key import thumbprint
from app.domain import base64url

MISSING: Any = object()
"""Stands for a member that is left out."""


class Forge:
    """Signs any header and claims with one RSA key."""

    def __init__(self, key: RSAPrivateKey) -> None:
        self._key = key
        self.kid = thumbprint(key.public_key().public_numbers())

    def public_pem(self) -> bytes:
        """Return the public half of the key."""
        return self._key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)

    def header(self, **changes: object) -> dict[str, object]:
        """Return a good header with ``changes``."""
        return _changed({"alg": "RS256", "typ": "at+jwt", "kid": self.kid}, changes)

    def token(self, claims: Mapping[str, object], **header: object) -> str:
        """Return a token with these claims. Its header is a good one with changes."""
        return self.sign(json.dumps(self.header(**header)).encode(), json.dumps(claims).encode())

    def sign(self, header: bytes, payload: bytes) -> str:
        """Return a JWS over any bytes."""
        signed = f"{base64url.encode(header)}.{base64url.encode(payload)}"
        return f"{signed}.{base64url.encode(self._key.sign(signed.encode(), PKCS1v15(), SHA256()))}"


def claims_of(token: str, **changes: object) -> dict[str, object]:
    """Return the claims of a token, with changes."""
    return _changed(segment(token, 1), changes)


def segment(token: str, index: int) -> dict[str, object]:
    """Return the header (0) or the claims (1) of a token."""
    members: dict[str, object] = json.loads(base64url.decode(token.split(".")[index]))
    return members


def _changed(members: dict[str, object], changes: Mapping[str, object]) -> dict[str, object]:
    return {name: value for name, value in {**members, **changes}.items() if value is not MISSING}
