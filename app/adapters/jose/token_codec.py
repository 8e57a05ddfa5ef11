"""Write and read access tokens (RFC 9068), and write the revocation feed."""

import json
from base64 import urlsafe_b64encode
from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache
from typing import Final

from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.serialization import load_der_public_key
from joserfc.jwk import RSAKey

from ...domain import base64url
from ...domain.audience import as_claim
from ...domain.identifiers import format_session_id
from ...domain.keys.signing_key import SigningKey
from ...domain.keys.stored_key import StoredKey
from ...domain.tokens.claims import AccessTokenClaims
from ...domain.tokens.feed import Feed
from ...ports.token_codec import TokenCodec
from . import feed_json
from .compact import ALGORITHM
from .jwk_set import MAX_BITS
from .verifier import ACCESS_TOKEN_TYPE, JoseTokenVerifier

_ANY_KID: Final = base64url.encode(bytes(32))
"""As long as every ``kid``: a SHA-256 thumbprint (RFC 7638)."""

_MAX_SIGNATURE_LENGTH: Final = len(base64url.encode(bytes(MAX_BITS // 8)))

_to_json = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode


class JoseTokenCodec(TokenCodec):
    """Reads tokens with a verifier that has the installed keys. It has no private key."""

    def __init__(self) -> None:
        self._verifier = JoseTokenVerifier()
        self._signing_keys: tuple[SigningKey, ...] = ()
        self._rsa_keys: dict[str, RSAKey] = {}
        self._jwk_set: Mapping[str, object] = {"keys": []}

    def install(self, keys: Sequence[StoredKey]) -> None:
        ordered = sorted(keys, key=lambda stored: (stored.key.activates_at, stored.key.kid))
        known = self._rsa_keys
        self._rsa_keys = {stored.key.kid: known.get(stored.key.kid) or _rsa_key(stored) for stored in ordered}
        self._verifier.use(self._rsa_keys)
        self._signing_keys = tuple(stored.key for stored in ordered)
        self._jwk_set = {"keys": [key.as_dict(private=False) for key in self._rsa_keys.values()]}

    def keys(self) -> Sequence[SigningKey]:
        return self._signing_keys

    def signing_input(self, claims: AccessTokenClaims, *, kid: str) -> bytes:
        return _signing_input(_claims_json(claims), kid=kid, typ=ACCESS_TOKEN_TYPE)

    def feed_payload(self, feed: Feed) -> Iterator[bytes]:
        rest = b""
        for part in feed_json.parts(feed):
            text = rest + part
            whole = len(text) - len(text) % 3  # what base64 encodes without padding
            yield urlsafe_b64encode(text[:whole])
            rest = text[whole:]
        yield base64url.encode(rest).encode()

    def feed_signing_input(self, payload: Sequence[bytes], *, kid: str) -> bytes:
        return b"".join((_header_segment(kid, feed_json.TYPE).encode(), b".", *payload))

    def assemble_feed(self, signing_input: bytes, signature: bytes) -> bytes:
        return b"".join((signing_input, b".", base64url.encode(signature).encode()))

    def assemble(self, signing_input: bytes, signature: bytes) -> str:
        return f"{signing_input.decode('ascii')}.{base64url.encode(signature)}"

    def max_length(self, claims: AccessTokenClaims) -> int:
        return len(self.signing_input(claims, kid=_ANY_KID)) + len(".") + _MAX_SIGNATURE_LENGTH

    def decode(self, token: str) -> AccessTokenClaims:
        return self._verifier.decode(token)

    def decode_once(self, token: str) -> AccessTokenClaims:
        return self._verifier.verify(token)

    def jwk_set(self) -> Mapping[str, object]:
        return self._jwk_set


def _signing_input(payload: bytes, *, kid: str, typ: str) -> bytes:
    """Return the JWS signing input (RFC 7515 §5.1)."""
    return f"{_header_segment(kid, typ)}.{base64url.encode(payload)}".encode("ascii")


def _claims_json(claims: AccessTokenClaims) -> bytes:
    """Return the claims as a JSON object (RFC 9068 §2.2)."""
    members: dict[str, object] = {
        "iss": claims.issuer,
        "sub": claims.subject,
        "aud": as_claim(claims.audience),
        "client_id": claims.client_id,
        "iat": claims.issued_at,
        "exp": claims.expires_at,
        "jti": claims.token_id,
        "scope": claims.scope.text,
    }
    if claims.session_id is not None:
        members["sid"] = format_session_id(claims.session_id)
        members["auth_time"] = claims.auth_time
    return _to_json(members).encode()


@lru_cache(maxsize=64)
def _header_segment(kid: str, typ: str) -> str:
    header = {"alg": ALGORITHM, "typ": typ, "kid": kid}
    return base64url.encode(json.dumps(header, separators=(",", ":")).encode())


def _rsa_key(stored: StoredKey) -> RSAKey:
    """Return the parsed public key. ``check_fitness`` was called when the key was loaded."""
    public_key = load_der_public_key(stored.public_key)
    if not isinstance(public_key, RSAPublicKey):
        raise TypeError("a stored signing key is an RSA key")
    return RSAKey.import_key(public_key, {"kid": stored.key.kid, "alg": ALGORITHM, "use": "sig"})
