"""What verifiers fetch: ``/.well-known/jwks.json``."""

import hashlib
import json
from typing import Final

from aiohttp import hdrs, web

from ...ports.token_codec import TokenCodec
from .guard import public

TOKEN_CODEC: Final = web.AppKey("keyturn_token_codec", TokenCodec)

JWKS_MAX_AGE: Final = web.AppKey("keyturn_jwks_max_age", int)
"""Seconds for which a verifier may keep the JWK Set."""


@public
async def jwks(request: web.Request) -> web.Response:
    """The verification keys (RFC 7517 §5), with 304 for a verifier that has them."""
    body = json.dumps(request.app[TOKEN_CODEC].jwk_set(), sort_keys=True).encode()
    etag = hashlib.sha256(body).hexdigest()[:32]
    headers = {
        hdrs.CACHE_CONTROL: f"public, max-age={request.app[JWKS_MAX_AGE]}",
        hdrs.ETAG: f'"{etag}"',
        hdrs.ACCESS_CONTROL_ALLOW_ORIGIN: "*",
    }
    if request.if_none_match and any(each.value in (etag, "*") for each in request.if_none_match):
        return web.Response(status=304, headers=headers)
    return web.Response(body=body, headers={hdrs.CONTENT_TYPE: "application/jwk-set+json", **headers})
