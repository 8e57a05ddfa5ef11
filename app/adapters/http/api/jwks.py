"""The public keys that verify access tokens: ``/.well-known/jwks.json``."""

import json
from collections.abc import Mapping
from typing import Final, Literal, Self, TypedDict

from aiohttp import web

from ....ports.token_codec import TokenCodec
from ...guards.aiohttp_marks import public
from ..operation import Operation, with_etag
from ..responses import document_response, etag_of

JWKS_PATH: Final = "/.well-known/jwks.json"
JWK_SET_JSON: Final = "application/jwk-set+json"

JWKS_MAX_AGE: Final = web.AppKey("keyturn_jwks_max_age", int)
"""Seconds for which a verifier may cache the JWK Set."""


class Jwk(TypedDict):
    """A public RSA key that verifies access tokens (RFC 7517 §4, RFC 7518 §6.3.1)."""

    kty: Literal["RSA"]
    use: Literal["sig"]
    alg: Literal["RS256"]
    kid: str
    n: str
    e: str


class JwkSet(TypedDict):
    """The verification keys (RFC 7517 §5)."""

    keys: list[Jwk]


class PublishedJwkSet:
    """The JWK Set as bytes, with its ETag. They are made once for each set of keys."""

    def __init__(self, codec: TokenCodec) -> None:
        self._codec = codec
        self._jwk_set: Mapping[str, object] | None = None
        self.body = b""
        self.etag = ""

    def updated(self) -> Self:
        """Return this document, after an update if the keys have changed."""
        jwk_set = self._codec.jwk_set()
        if jwk_set is not self._jwk_set:
            self._jwk_set = jwk_set
            self.body = json.dumps(jwk_set, sort_keys=True).encode()
            self.etag = etag_of(self.body)
        return self


JWK_SET: Final = web.AppKey("keyturn_jwk_set", PublishedJwkSet)


@public
async def jwks(request: web.Request) -> web.Response:
    """Get the verification keys (RFC 7517 §5)."""
    document = request.app[JWK_SET].updated()
    return document_response(
        request,
        body=document.body,
        etag=document.etag,
        content_type=JWK_SET_JSON,
        max_age=request.app[JWKS_MAX_AGE],
    )


ROUTES: Final = (Operation("GET", JWKS_PATH, jwks, responses=with_etag(JwkSet, JWK_SET_JSON)),)
