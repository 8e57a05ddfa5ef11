"""An aiohttp process with routes to compare ours with, on two ports: without the guard, and behind it.

Run as a program, it reads the issuer's JWK Set from the environment variable JWK_SET, and prints the two ports.
"""

import asyncio
import json
import os
from typing import Final

from aiohttp import web
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.hashes import SHA256

from app.guard import guard
from app.settings import Settings

_KEY: Final = rsa.generate_private_key(public_exponent=65_537, key_size=2_048)
_MESSAGE: Final = bytes(400)


async def _hello(_: web.Request) -> web.Response:
    return web.json_response({"greeting": "hello", "numbers": [1, 2, 3]})


async def _sign(request: web.Request) -> web.Response:
    """The least that a refresh on aiohttp can be: no session, no checks, no log, just a signature between two JSONs."""
    presented = await request.json()
    signature = _KEY.sign(_MESSAGE, PKCS1v15(), SHA256())
    return web.json_response({"access_token": _MESSAGE.hex() + signature.hex(), **presented})


def _application() -> web.Application:
    app = web.Application()
    app.router.add_get("/hello", _hello)
    app.router.add_post("/sign", _sign)
    return app


def _guarded_application() -> web.Application:
    app = _application()
    settings = Settings()
    jwk_set = json.loads(os.environ["JWK_SET"])
    guard(issuer=settings.issuer, audience=settings.audience, jwk_set=jwk_set).protect(app)
    return app


async def _port(app: web.Application) -> int:
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    port: int = runner.addresses[0][1]
    return port


async def _serve() -> None:
    print(await _port(_application()), await _port(_guarded_application()), flush=True)
    await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(_serve())
