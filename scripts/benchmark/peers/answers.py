"""What the peers have in common: the token response, and the start of the server."""

import asyncio
import hashlib
import secrets
import time
import uuid
from typing import Final

from aiohttp import web
from joserfc import jwt
from joserfc.jwk import RSAKey

LIFETIME: Final = 604_800
"""The seconds from the sign-in to the end of a session."""

_ISSUER: Final = "http://127.0.0.1"
_ACCESS_LIFETIME: Final = 900
_KEY: Final = RSAKey.generate_key(2048)
_HEADER: Final = {"alg": "RS256", "typ": "at+jwt", "kid": _KEY.thumbprint()}
_NEVER_STORED: Final = {"Cache-Control": "no-store", "Pragma": "no-cache"}


def new_token(session_id: str) -> str:
    """Return an opaque refresh token of a session."""
    return f"{session_id}.{secrets.token_urlsafe(32)}"


def digest(refresh_token: str) -> bytes:
    """Return what is stored instead of the token."""
    return hashlib.sha256(refresh_token.encode()).digest()


def token_response(session_id: str, subject: str, began_at: int, refresh_token: str) -> web.Response:
    """Sign an access token with the same claims as Keyturn's. Return it with the refresh token."""
    now = int(time.time())
    claims = {
        "iss": _ISSUER,
        "sub": subject,
        "aud": "keyturn",
        "client_id": "first-party",
        "iat": now,
        "exp": now + _ACCESS_LIFETIME,
        "jti": uuid.uuid4().hex,
        "scope": "account",
        "sid": session_id,
        "auth_time": began_at,
    }
    answer = {
        "access_token": jwt.encode(_HEADER, claims, _KEY),
        "token_type": "Bearer",
        "expires_in": _ACCESS_LIFETIME,
        "refresh_token": refresh_token,
        "refresh_token_expires_in": began_at + LIFETIME - now,
        "scope": "account",
    }
    return web.json_response(answer, headers=_NEVER_STORED)


def refused() -> web.Response:
    """Return the answer to a refresh token that is unknown, replaced or expired."""
    return web.json_response({"error": "invalid_grant"}, status=401, headers=_NEVER_STORED)


async def serve(app: web.Application) -> None:
    """Serve on a free port of this machine, and print the port."""
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    print(runner.addresses[0][1], flush=True)
    await asyncio.Event().wait()
