"""JWS in compact serialization (RFC 7515 §7.1), RS256 only: read strictly here, signed and verified by joserfc."""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Final, Self

from joserfc.jwk import RSAKey
from joserfc.jws import JWSRegistry

from ...domain import base64url
from ...domain.tokens.errors import BadSignature, MalformedToken, UnknownSigner
from .. import strict_json

ALGORITHM: Final = "RS256"

MAX_LENGTH: Final = 8_192
"""Characters of a token, at most."""

MAX_HEADER_LENGTH: Final = 512
"""Characters of its header segment, at most."""

_SEGMENTS = re.compile(r"([A-Za-z0-9_-]+)\.([A-Za-z0-9_-]*)\.([A-Za-z0-9_-]+)")

_rs256 = JWSRegistry.algorithms[ALGORITHM]


@dataclass(frozen=True, slots=True)
class CompactJws:
    """The three segments of a token, decoded; nothing in them is known to be true."""

    header: bytes
    payload: bytes
    signature: bytes
    signing_input: bytes

    @classmethod
    def parse(cls, token: str, *, most: int = MAX_LENGTH) -> Self:
        """Return the segments of ``token``, of ``most`` characters; raises ``MalformedToken`` unless each is canonical
        base64url.
        """
        segments = _SEGMENTS.fullmatch(token) if len(token) <= most else None
        if segments is None or len(segments[1]) > MAX_HEADER_LENGTH:
            raise MalformedToken
        try:
            header, payload, signature = map(base64url.decode, segments.groups())
        except ValueError as error:
            raise MalformedToken from error
        return cls(header, payload, signature, token.rpartition(".")[0].encode("ascii"))

    def payload_signed_by(self, key: RSAKey) -> bytes:
        """Return the payload; raises ``BadSignature`` if ``key`` did not sign it."""
        if not _rs256.verify(self.signing_input, self.signature, key):
            raise BadSignature
        return self.payload


def sign(payload: bytes, key: RSAKey, *, kid: str, typ: str) -> str:
    """Return ``payload`` signed by ``key``, with a header of ``alg``, ``typ`` and ``kid``."""
    signing_input = f"{_header_segment(kid, typ)}.{base64url.encode(payload)}"
    signature = _rs256.sign(signing_input.encode("ascii"), key)
    return f"{signing_input}.{base64url.encode(signature)}"


def verify(token: str, keys: Mapping[str, RSAKey], *, typ: str, most: int = MAX_LENGTH) -> bytes:
    """Return the payload of a token of type ``typ`` signed by one of ``keys``, which stand by their ``kid``.

    The header has the members that ``sign`` writes and no others, so ``jku``, ``x5u``, ``jwk``, ``crit``, ``b64`` and
    their like are refused (RFC 8725 §3.1, §3.10). The explicit type keeps a token of one kind from passing for another
    (§3.11). It has ``most`` characters. Raises ``MalformedToken`` and ``BadSignature``.
    """
    read = CompactJws.parse(token, most=most)
    header = _members(read.header)
    kid = header.get("kid")
    if not read.payload or header != {"alg": ALGORITHM, "typ": typ, "kid": kid} or not isinstance(kid, str):
        raise MalformedToken
    key = keys.get(kid)
    if key is None:
        raise UnknownSigner
    return read.payload_signed_by(key)


def signer(token: str) -> str:
    """Return the ``kid`` of a token that was verified."""
    return str(_members(base64url.decode(token.partition(".")[0]))["kid"])


@lru_cache(maxsize=64)
def _header_segment(kid: str, typ: str) -> str:
    header = {"alg": ALGORITHM, "typ": typ, "kid": kid}
    return base64url.encode(json.dumps(header, separators=(",", ":")).encode())


def _members(header: bytes) -> dict[str, object]:
    try:
        members = strict_json.loads(header)
    except ValueError as error:
        raise MalformedToken from error
    if not isinstance(members, dict):
        raise MalformedToken
    return members
