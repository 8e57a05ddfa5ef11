"""Routes of plain aiohttp to compare with: without a guard, behind a local guard and behind a remote guard.

Like the service, it keeps its receive buffers, so the guard's share is not made smaller by what they would cost.

This program reads the issuer's URL and JWK Set from the variables ISSUER and JWK_SET. It prints its three ports.
"""

import asyncio
import json
import os
from typing import Final

from aiohttp import web
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.hashes import SHA256

from app.adapters.http.server.receive_buffers import keep_receive_buffers
from app.guard import Guard, guard, remote_guard
from app.service.settings import Settings

_KEY: Final = rsa.generate_private_key(public_exponent=65_537, key_size=2_048)
_MESSAGE: Final = bytes(400)


async def _hello(_: web.Request) -> web.Response:
    return web.json_response({"greeting": "hello", "numbers": [1, 2, 3]})


async def _sign(request: web.Request) -> web.Response:
    """Read JSON, sign, and answer JSON: the minimum that any refresh on aiohttp must do."""
    presented = await request.json()
    signature = _KEY.sign(_MESSAGE, PKCS1v15(), SHA256())
    return web.json_response({"access_token": _MESSAGE.hex() + signature.hex(), **presented})


def _application() -> web.Application:
    app = web.Application()
    app.router.add_get("/hello", _hello)
    app.router.add_post("/sign", _sign)
    return app


def _guarded(protecting: Guard) -> web.Application:
    app = _application()
    protecting.protect(app)
    return app


async def _port(app: web.Application) -> int:
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    port: int = runner.addresses[0][1]
    return port


async def _serve() -> None:
    keep_receive_buffers()
    issuer, audience = os.environ["ISSUER"], Settings().audience[0]
    local = guard(issuer=issuer, audience=audience, jwk_set=json.loads(os.environ["JWK_SET"]))
    remote = remote_guard(issuer=issuer, audience=audience)
    applications = (_application(), _guarded(local), _guarded(remote))
    print(*[await _port(app) for app in applications], flush=True)
    await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(_serve())
