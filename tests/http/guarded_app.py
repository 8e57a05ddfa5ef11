"""An application of another service, protected by the guard of ``app.guard``."""

import time
from collections.abc import Awaitable, Callable, Iterable
from typing import Any, Final

from aiohttp import web
from aiohttp.test_utils import TestClient
from joserfc.jwk import RSAKey

from app.guard import PRINCIPAL, Guard, guard
from app.testing.builders import ISSUER

from .forgery import Forge

AUDIENCE: Final = "orders"

Client = TestClient[web.Request, web.Application]
Connect = Callable[[web.Application], Awaitable[Client]]
Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


async def hello(request: web.Request) -> web.Response:
    """Return the subject of the token, or "no token"."""
    return web.Response(text=request[PRINCIPAL].subject if PRINCIPAL in request else "no token")


def guard_of(forge: Forge, **options: Any) -> Guard:
    """Return a guard that accepts the tokens of ``forge``."""
    return guard(issuer=ISSUER, audience=AUDIENCE, jwk_set=jwk_set(forge), **options)


def jwk_set(forge: Forge, **members: str) -> dict[str, list[dict[str, object]]]:
    """Return a JWK Set with the key of ``forge``."""
    key = RSAKey.import_key(forge.public_pem(), {"kid": forge.kid})
    return {"keys": [{**key.as_dict(private=False), **members}]}


def guarded_app(protector: Guard, routes: Iterable[web.AbstractRouteDef] = ()) -> web.Application:
    """Return an application that ``protector`` protects."""
    app = web.Application()
    app.add_routes(routes)
    protector.protect(app)
    return app


def claims(**changes: object) -> dict[str, object]:
    """Return the claims of a valid token for this application, with ``changes``."""
    now = int(time.time())
    return {
        "iss": ISSUER,
        "sub": "alice-subject",
        "aud": AUDIENCE,
        "client_id": "first-party",
        "iat": now,
        "exp": now + 900,
        "jti": "token-1",
        "scope": "orders:read",
        "sid": "AAAAAAAAAAAAAAAAAAAAAA",
        "auth_time": now,
        **changes,
    }


def bearer(forge: Forge, **changes: object) -> dict[str, str]:
    """Return the headers of a request with a valid token."""
    return {"Authorization": f"Bearer {forge.token(claims(**changes))}"}


async def status(client: Client, path: str, method: str = "GET", **options: Any) -> int:
    """Return the status of a response."""
    async with client.request(method, path, **options) as response:
        return response.status
