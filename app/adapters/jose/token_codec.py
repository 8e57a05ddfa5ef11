"""Making access tokens (RFC 9068), and signing the revocation feed."""

from collections.abc import Mapping, Sequence

from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.serialization import load_der_private_key
from joserfc.jwk import RSAKey

from ...domain.keys.signing_key import SigningKey
from ...domain.keys.stored_key import StoredKey
from ...domain.tokens.claims import AccessTokenClaims
from ...domain.tokens.feed import Feed
from ...ports.token_codec import TokenCodec
from . import claims_json, compact, feed_json
from .verifier import ACCESS_TOKEN_TYPE, JoseTokenVerifier


class JoseTokenCodec(TokenCodec):
    """Signs with joserfc, and reads with the verifier it shares its keys with."""

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

    def encode(self, claims: AccessTokenClaims, *, kid: str) -> str:
        return compact.sign(claims_json.dump(claims), self._rsa_keys[kid], kid=kid, typ=ACCESS_TOKEN_TYPE)

    def decode(self, token: str) -> AccessTokenClaims:
        return self._verifier.decode(token)

    def encode_feed(self, feed: Feed, *, kid: str) -> str:
        return compact.sign(feed_json.dump(feed), self._rsa_keys[kid], kid=kid, typ=feed_json.TYPE)

    def jwk_set(self) -> Mapping[str, object]:
        return self._jwk_set


def _rsa_key(stored: StoredKey) -> RSAKey:
    """The key was found fit when it was first read: only its form is parsed here."""
    private_key = load_der_private_key(stored.pkcs8, password=None, unsafe_skip_rsa_key_validation=True)
    if not isinstance(private_key, RSAPrivateKey):
        raise TypeError("a stored signing key is an RSA key")
    return RSAKey.import_key(private_key, {"kid": stored.key.kid, "alg": compact.ALGORITHM, "use": "sig"})
