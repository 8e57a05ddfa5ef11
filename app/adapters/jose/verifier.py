"""Reading access tokens (RFC 9068)."""

from collections.abc import Mapping
from typing import Any, Final, Self

from joserfc.errors import JoseError
from joserfc.jwk import RSAKey

from ...domain import base64url
from ...domain.errors import ConfigurationError
from ...domain.tokens.claims import AccessTokenClaims
from ...domain.tokens.errors import MalformedToken
from ...ports.token_verifier import TokenVerifier
from . import claims_json, compact

ACCESS_TOKEN_TYPE: Final = "at+jwt"  # noqa: S105  # a media type

_LEAST_BITS: Final = 2048
_MOST_BITS: Final = 4096
_PUBLIC_EXPONENT: Final = b"\x01\x00\x01"
_SOUND_KEY: Final = f"from {_LEAST_BITS} to {_MOST_BITS} bits and the exponent 65537"
_MOST_KID_LENGTH: Final = 255


class JoseTokenVerifier(TokenVerifier):
    """Verifies with joserfc, and remembers the last ``remember`` tokens whose signature it verified.

    Only what verified is kept, so strangers cannot fill the memory; only form and signature are remembered, so time,
    issuer, audience and revocation are judged anew at every use; another set of keys forgets everything. An entry takes
    about 3 KiB.
    """

    def __init__(self, *, remember: int = 10_000) -> None:
        self._remember = remember
        self._keys: Mapping[str, RSAKey] = {}
        self._verified: dict[str, AccessTokenClaims] = {}

    @classmethod
    def from_jwk_set(cls, jwk_set: Mapping[str, object]) -> Self:
        """Return a verifier for the RSA keys of a JWK Set (RFC 7517 §5); raises ``ConfigurationError``."""
        verifier = cls()
        verifier.use(public_keys(jwk_set))
        return verifier

    def use(self, keys: Mapping[str, RSAKey]) -> None:
        """Verify with these keys, by ``kid``, and no others from now on."""
        self._keys = keys
        self._verified.clear()

    def decode(self, token: str) -> AccessTokenClaims:
        claims = self._verified.get(token)
        if claims is None:
            claims = self._verified[token] = self._verify(token)
            if len(self._verified) > self._remember:
                del self._verified[next(iter(self._verified))]
        return claims

    def _verify(self, token: str) -> AccessTokenClaims:
        payload = compact.verify(token, self._keys, typ=ACCESS_TOKEN_TYPE)
        try:
            return claims_json.load(payload)
        except ValueError as error:
            raise MalformedToken from error


def public_keys(jwk_set: Mapping[str, object]) -> dict[str, RSAKey]:
    """Return the RSA keys of a JWK Set (RFC 7517 §5) by ``kid``; raises ``ConfigurationError``."""
    members = jwk_set.get("keys") if isinstance(jwk_set, Mapping) else None
    if not isinstance(members, list) or not all(isinstance(member, dict) for member in members):
        raise ConfigurationError('The JWK Set has no array "keys" of objects (RFC 7517 §5).')
    keys = [_public_key(member) for member in members if _is_for_verifying(member)]
    if len({key.kid for key in keys}) < max(len(keys), 1):
        raise ConfigurationError(f"The JWK Set has no RSA key for {compact.ALGORITHM}, or two of them with one kid.")
    return {key.kid or "": key for key in keys}


def _is_for_verifying(member: Mapping[str, object]) -> bool:
    """Tell whether a key is meant for what we do with it (RFC 7517 §4.2 to §4.4); others may stand beside it."""
    operations = member.get("key_ops", ["verify"])
    return (
        member.get("kty") == "RSA"
        and member.get("use", "sig") == "sig"
        and member.get("alg", compact.ALGORITHM) == compact.ALGORITHM
        and isinstance(operations, list)
        and "verify" in operations
    )


def _public_key(member: Mapping[str, Any]) -> RSAKey:
    try:
        bits = int.from_bytes(base64url.decode(member["n"]), "big").bit_length()
        exponent = base64url.decode(member["e"])
        if not _LEAST_BITS <= bits <= _MOST_BITS or exponent != _PUBLIC_EXPONENT:
            raise ConfigurationError(f"A key of the JWK Set has not {_SOUND_KEY}.")
        if len(member["kid"]) > _MOST_KID_LENGTH:
            raise ConfigurationError(f"A key of the JWK Set has a kid of more than {_MOST_KID_LENGTH} characters.")
        return RSAKey.import_key({name: member[name] for name in ("kty", "n", "e", "kid")})
    except (JoseError, KeyError, ValueError, TypeError) as error:
        raise ConfigurationError("A key of the JWK Set lacks kid, n or e, or they are unreadable.") from error
