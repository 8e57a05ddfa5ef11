"""Routes of Starlette and FastAPI to compare with: without a guard, and behind a local guard, on uvicorn.

This program reads the issuer's URL and JWK Set from the variables ISSUER and JWK_SET. It prints its ports.
"""

import asyncio
import json
import os
import socket
from typing import Any, Final

import uvicorn
from fastapi import FastAPI
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

from app.guard.asgi import AsgiGuard, guard
from app.service.settings import Settings

_OPTIONS: Final[dict[str, Any]] = {
    "log_level": "error",
    "access_log": False,
    "lifespan": "off",
    "timeout_keep_alive": 3_600,
}
"""The connections of a row wait while other rows are measured."""


async def _hello(_: Request) -> JSONResponse:
    return JSONResponse({"greeting": "hello", "numbers": [1, 2, 3]})


def _starlette() -> Starlette:
    return Starlette(routes=[Route("/hello", _hello)])


def _fastapi() -> FastAPI:
    app = FastAPI()
    app.add_api_route("/hello", _hello)
    return app


def _guarded(app: Starlette, protecting: AsgiGuard) -> Starlette:
    app.add_middleware(protecting)
    return app


def _listening() -> socket.socket:
    listening = socket.socket()
    listening.bind(("127.0.0.1", 0))
    return listening


async def _serve() -> None:
    jwk_set = json.loads(os.environ["JWK_SET"])
    protecting = guard(issuer=os.environ["ISSUER"], audience=Settings().audience[0], jwk_set=jwk_set)
    applications: list[Any] = [_starlette(), _guarded(_starlette(), protecting)]
    applications += [_fastapi(), _guarded(_fastapi(), protecting)]
    sockets = [_listening() for _ in applications]
    servers = [uvicorn.Server(uvicorn.Config(app, **_OPTIONS)) for app in applications]
    serving = [server._serve([each]) for server, each in zip(servers, sockets, strict=True)]  # noqa: SLF001  # one process has one handler of signals
    tasks = asyncio.gather(*serving)
    while not all(server.started for server in servers):  # noqa: ASYNC110  # uvicorn has no event for it
        await asyncio.sleep(0.01)
    print(*[each.getsockname()[1] for each in sockets], flush=True)
    await tasks


if __name__ == "__main__":
    asyncio.run(_serve())
