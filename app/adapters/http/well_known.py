"""What verifiers fetch: ``/.well-known/jwks.json``."""

import hashlib
import json
from collections.abc import Mapping
from typing import Final, Self

from aiohttp import web

from ...ports.token_codec import TokenCodec
from .answers import document_response
from .guard import public

JWKS_MAX_AGE: Final = web.AppKey("keyturn_jwks_max_age", int)
"""Seconds for which a verifier may keep the JWK Set."""


class JwkSetDocument:
    """The JWK Set as it is sent, written once for each set of keys."""

    def __init__(self, codec: TokenCodec) -> None:
        self._codec = codec
        self._written: Mapping[str, object] | None = None
        self.body = b""
        self.etag = ""

    def bring_up_to_date(self) -> Self:
        """Return it, written anew if the keys have changed."""
        jwk_set = self._codec.jwk_set()
        if jwk_set is not self._written:
            self._written = jwk_set
            self.body = json.dumps(jwk_set, sort_keys=True).encode()
            self.etag = hashlib.sha256(self.body).hexdigest()[:32]
        return self


JWK_SET: Final = web.AppKey("keyturn_jwk_set", JwkSetDocument)


@public
async def jwks(request: web.Request) -> web.Response:
    """The verification keys (RFC 7517 §5), with 304 for a verifier that has them."""
    document = request.app[JWK_SET].bring_up_to_date()
    return document_response(
        request,
        body=document.body,
        etag=document.etag,
        content_type="application/jwk-set+json",
        max_age=request.app[JWKS_MAX_AGE],
    )
