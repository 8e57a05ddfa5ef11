"""JWS in compact serialization (RFC 7515 §7.1), RS256 only, read strictly."""

import re
from collections.abc import Mapping
from typing import Final

from joserfc import jws
from joserfc.errors import BadSignatureError, JoseError
from joserfc.jwk import RSAKey

from ...domain.errors import BadSignature, MalformedToken
from ...domain.model import base64url
from .. import strict_json

ALGORITHM: Final = "RS256"

MAX_LENGTH: Final = 8_192
"""Characters of a token, at most."""

_SEGMENTS = re.compile(r"([A-Za-z0-9_-]+)\.[A-Za-z0-9_-]+\.([A-Za-z0-9_-]+)")

_REGISTRY = jws.JWSRegistry(algorithms=[ALGORITHM])


def sign(payload: bytes, key: RSAKey, *, kid: str, typ: str) -> str:
    """Return ``payload`` signed by ``key``, with a header of ``alg``, ``typ`` and ``kid``."""
    header = {"alg": ALGORITHM, "typ": typ, "kid": kid}
    return jws.serialize_compact(header, payload, key, registry=_REGISTRY)


def verify(token: str, keys: Mapping[str, RSAKey], *, typ: str) -> bytes:
    """Return the payload of a token of type ``typ`` signed by one of ``keys``, which stand by their ``kid``.

    The explicit type keeps a token of one kind from passing for another (RFC 8725 §3.11). Raises ``MalformedToken``
    and ``BadSignature``.
    """
    header = _header(token)
    kid = header.get("kid")
    if header != {"alg": ALGORITHM, "typ": typ, "kid": kid} or not isinstance(kid, str):
        raise MalformedToken
    return verify_with(token, keys.get(kid))


def verify_with(token: str, key: RSAKey | None) -> bytes:
    """Return the payload of a token signed by ``key``; raises ``MalformedToken`` and ``BadSignature``."""
    if key is None:
        raise BadSignature
    try:
        return jws.deserialize_compact(token, key, registry=_REGISTRY).payload or b""
    except BadSignatureError as error:
        raise BadSignature from error
    except (JoseError, ValueError, TypeError) as error:
        raise MalformedToken from error


def _header(token: str) -> dict[str, object]:
    """Return the members of the header of a token that has three segments. The library itself refuses a payload that
    is not canonical base64url, and calls a signature that is not merely wrong.

    The caller compares them with the ones we write, so ``jku``, ``x5u``, ``jwk``, ``crit``, ``b64`` and their like
    never reach the library (RFC 8725 §3.1, §3.10).
    """
    segments = _SEGMENTS.fullmatch(token) if len(token) <= MAX_LENGTH else None
    if segments is None:
        raise MalformedToken
    try:
        header = strict_json.loads(base64url.decode(segments[1]))
        base64url.decode(segments[2])
    except ValueError as error:
        raise MalformedToken from error
    if not isinstance(header, dict):
        raise MalformedToken
    return header
