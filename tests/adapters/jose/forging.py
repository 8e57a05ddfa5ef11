"""Tokens made by hand, without the code under test, as an attacker or a faulty issuer would make them."""

import base64
import json
from collections.abc import Mapping
from typing import Final

from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import load_der_private_key

from app.adapters.jose.token_codec import JoseTokenCodec
from app.domain.identifiers import format_session_id
from app.domain.keys.stored_key import StoredKey
from app.domain.tokens.claims import AccessTokenClaims
from app.testing.builders import AUDIENCE, ISSUER, refresh_token
from app.testing.system import NOW

CLAIMS: Final[Mapping[str, object]] = {
    "iss": ISSUER,
    "sub": "alice-subject",
    "aud": AUDIENCE,
    "client_id": "first-party",
    "iat": int(NOW),
    "exp": int(NOW) + 900,
    "jti": "token-1",
    "scope": "account orders:read",
    "sid": format_session_id(refresh_token().session_id),
    "auth_time": int(NOW),
}
"""The payload of the builder's claims (SPEC.md §3)."""

MISSING: Final = object()
"""In place of a value: the member is left out."""


def changed(members: Mapping[str, object], name: str, value: object) -> dict[str, object]:
    """Return ``members`` with one member changed, added or, if ``value`` is ``MISSING``, left out."""
    others = {each: members[each] for each in members if each != name}
    return others if value is MISSING else {**others, name: value}


def segment(value: object) -> str:
    """Return bytes as base64url, and anything else as the base64url of its JSON."""
    raw = value if isinstance(value, bytes) else json.dumps(value).encode()
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def decoded(text: str) -> bytes:
    """Return the bytes that a segment encodes."""
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


class Forger:
    """Signs any header and payload with a real key."""

    def __init__(self, stored: StoredKey) -> None:
        private_key = load_der_private_key(stored.pkcs8, password=None)
        assert isinstance(private_key, RSAPrivateKey)
        self.private_key = private_key
        self.header = {"alg": "RS256", "typ": "at+jwt", "kid": stored.key.kid}

    @property
    def jwk(self) -> dict[str, object]:
        """Return the public key with the members that every RSA key needs, and its kid (RFC 7518 §6.3.1)."""
        numbers = self.private_key.public_key().public_numbers()
        return {"kty": "RSA", "kid": self.header["kid"], "n": segment(numbers.n.to_bytes(256, "big")), "e": "AQAB"}

    def token(self, header: object = None, payload: object = CLAIMS) -> str:
        """Return a token with a valid signature. Without ``header`` the header is the right one."""
        return self.sign(segment(self.header if header is None else header), segment(payload))

    def sign(self, header: str, payload: str) -> str:
        """Return a token of these segments."""
        signature = self.private_key.sign(f"{header}.{payload}".encode(), PKCS1v15(), SHA256())
        return f"{header}.{payload}.{segment(signature)}"


def issue(codec: JoseTokenCodec, stored: StoredKey, claims: AccessTokenClaims) -> str:
    """Return the token that the codec makes of ``claims`` and a signature by ``stored``."""
    signing_input = codec.signing_input(claims, kid=stored.key.kid)
    signature = Forger(stored).private_key.sign(signing_input, PKCS1v15(), SHA256())
    return codec.assemble(signing_input, signature)
