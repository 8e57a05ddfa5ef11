"""Read the RSA keys of a JWK Set (RFC 7517 §5)."""

from collections.abc import Mapping
from typing import Any, Final

from joserfc.errors import JoseError
from joserfc.jwk import RSAKey

from ...domain import base64url
from ...domain.errors import ConfigurationError
from .compact import ALGORITHM

_MIN_BITS: Final = 2048
MAX_BITS: Final = 4096
_PUBLIC_EXPONENT: Final = b"\x01\x00\x01"
_MAX_KID_LENGTH: Final = 255


def public_keys(jwk_set: Mapping[str, object]) -> dict[str, RSAKey]:
    """Return the RSA keys of a JWK Set by ``kid``.

    Raises ``ConfigurationError`` if a key is malformed, too small or too large, if there is no key, or if two keys have
    the same ``kid``.
    """
    members = jwk_set.get("keys") if isinstance(jwk_set, Mapping) else None
    if not isinstance(members, list) or not all(isinstance(member, dict) for member in members):
        raise ConfigurationError('The JWK Set has no array "keys" of objects (RFC 7517 §5).')
    keys = [_public_key(member) for member in members if _is_for_verifying(member)]
    if len({key.kid for key in keys}) < max(len(keys), 1):
        raise ConfigurationError(f"The JWK Set has no RSA key for {ALGORITHM}, or two of them with one kid.")
    return {key.kid or "": key for key in keys}


def _is_for_verifying(member: Mapping[str, object]) -> bool:
    """Return whether a key is meant for verifying RS256 (RFC 7517 §4.2 to §4.4). Other keys of the set are ignored."""
    operations = member.get("key_ops", ["verify"])
    return (
        member.get("kty") == "RSA"
        and member.get("use", "sig") == "sig"
        and member.get("alg", ALGORITHM) == ALGORITHM
        and isinstance(operations, list)
        and "verify" in operations
    )


def _public_key(member: Mapping[str, Any]) -> RSAKey:
    try:
        bits = int.from_bytes(base64url.decode(member["n"]), "big").bit_length()
        exponent = base64url.decode(member["e"])
        if not _MIN_BITS <= bits <= MAX_BITS or exponent != _PUBLIC_EXPONENT:
            raise ConfigurationError(
                f"A key of the JWK Set does not have {_MIN_BITS} to {MAX_BITS} bits and the exponent 65537."
            )
        if len(member["kid"]) > _MAX_KID_LENGTH:
            raise ConfigurationError(f"A key of the JWK Set has a kid of more than {_MAX_KID_LENGTH} characters.")
        return RSAKey.import_key({name: member[name] for name in ("kty", "n", "e", "kid")})
    except (JoseError, KeyError, ValueError, TypeError) as error:
        raise ConfigurationError("A key of the JWK Set lacks kid, n or e, or they are unreadable.") from error
