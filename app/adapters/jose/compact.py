"""Read JWS in compact serialization (RFC 7515 §7.1), RS256 only. joserfc verifies the signature."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Self

from joserfc.jwk import RSAKey
from joserfc.jws import JWSRegistry

from ...domain import base64url
from ...domain.tokens.errors import BadSignature, MalformedToken, UnknownSigner
from .. import strict_json

ALGORITHM: Final = "RS256"
RS256: Final = JWSRegistry.algorithms[ALGORITHM]

MAX_LENGTH: Final = 8_192
"""The greatest length of a token, in characters."""

MAX_HEADER_LENGTH: Final = 512
"""The greatest length of a header segment, in characters."""

_SEGMENTS: Final = re.compile(r"([A-Za-z0-9_-]+)\.([A-Za-z0-9_-]*)\.([A-Za-z0-9_-]+)")


@dataclass(frozen=True, slots=True)
class CompactJws:
    """The decoded segments of a token that is not verified yet."""

    header: bytes
    payload: bytes
    signature: bytes
    signing_input: bytes

    @classmethod
    def parse(cls, token: str, *, max_length: int = MAX_LENGTH) -> Self:
        """Return the segments of ``token``; raises ``MalformedToken`` if it has more than ``max_length`` characters, or
        a segment is not canonical base64url.
        """
        segments = _SEGMENTS.fullmatch(token) if len(token) <= max_length else None
        if segments is None or len(segments[1]) > MAX_HEADER_LENGTH:
            raise MalformedToken
        try:
            header, payload, signature = map(base64url.decode, segments.groups())
        except ValueError as error:
            raise MalformedToken from error
        return cls(header, payload, signature, token.rpartition(".")[0].encode("ascii"))

    def verified_payload(self, key: RSAKey) -> bytes:
        """Return the payload; raises ``BadSignature`` if ``key`` did not sign it."""
        if not RS256.verify(self.signing_input, self.signature, key):
            raise BadSignature
        return self.payload


def verify(token: str, keys: Mapping[str, RSAKey], *, typ: str, max_length: int = MAX_LENGTH) -> bytes:
    """Return the payload of a token of type ``typ`` that one of ``keys`` signed. ``keys`` maps each ``kid`` to a key.

    The header must have ``alg``, ``typ`` and ``kid`` and nothing else. So ``jku``, ``x5u``, ``jwk``, ``crit``, ``b64``
    and similar members are refused (RFC 8725 §3.1, §3.10). Because of the explicit type, a token of another kind is not
    accepted (§3.11). Raises ``MalformedToken``, ``UnknownSigner`` and ``BadSignature``.
    """
    jws = CompactJws.parse(token, max_length=max_length)
    header = _members(jws.header)
    kid = header.get("kid")
    if not jws.payload or header != {"alg": ALGORITHM, "typ": typ, "kid": kid} or not isinstance(kid, str):
        raise MalformedToken
    key = keys.get(kid)
    if key is None:
        raise UnknownSigner
    return jws.verified_payload(key)


def signer(token: str) -> str:
    """Return the ``kid`` of a token that was verified."""
    return str(_members(base64url.decode(token.partition(".")[0]))["kid"])


def _members(header: bytes) -> dict[str, object]:
    try:
        members = strict_json.loads(header)
    except ValueError as error:
        raise MalformedToken from error
    if not isinstance(members, dict):
        raise MalformedToken
    return members
