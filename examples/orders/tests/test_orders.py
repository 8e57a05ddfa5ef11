"""The service together with a running Keyturn."""

import asyncio
import os
import socket
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import orders.api
import orders.fastapi_api
import pytest
import uvicorn
from aiohttp import ClientSession
from aiohttp.test_utils import TestServer
from keyturn.guard import fastapi, remote_guard

USER = {"username": "alice", "password": "correct horse battery"}


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.fixture
def issuer() -> Iterator[str]:
    """Run Keyturn and yield its URL."""
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    settings = {
        "KEYTURN_PORT": str(port),
        "KEYTURN_ISSUER": url,
        "KEYTURN_AUDIENCE": "orders",
        "KEYTURN_DEFAULT_SCOPE": "account orders:read",
        "KEYTURN_BOOTSTRAP_USERNAME": USER["username"],
        "KEYTURN_BOOTSTRAP_PASSWORD": USER["password"],
    }
    command: list[str | Path] = [Path(sys.executable).with_name("keyturn"), "serve"]
    with subprocess.Popen(command, env={**os.environ, **settings}, stderr=subprocess.DEVNULL) as process:
        try:
            _wait_for(port)
            yield url
        finally:
            process.terminate()


def _wait_for(port: int) -> None:
    deadline = time.monotonic() + 20
    while time.monotonic() < deadline:
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.05)
    raise AssertionError("Keyturn did not start")


@asynccontextmanager
async def serve_aiohttp(issuer: str) -> AsyncIterator[str]:
    """Run the service in aiohttp and yield its URL."""
    app = orders.api.create_app(remote_guard(issuer=issuer, audience="orders"))
    async with TestServer(app) as server:
        yield str(server.make_url(""))


@asynccontextmanager
async def serve_fastapi(issuer: str) -> AsyncIterator[str]:
    """Run the service in FastAPI and yield its URL."""
    guard = fastapi.remote_guard(issuer=issuer, audience="orders", public=orders.fastapi_api.PUBLIC)
    port = free_port()
    server = uvicorn.Server(uvicorn.Config(orders.fastapi_api.create_app(guard), port=port, log_level="error"))
    serving = asyncio.create_task(server.serve())
    while not server.started:  # noqa: ASYNC110  # uvicorn has no event for it
        await asyncio.sleep(0.01)
    yield f"http://127.0.0.1:{port}"
    server.should_exit = True
    await serving


@asynccontextmanager
async def serve_django(issuer: str) -> AsyncIterator[str]:
    """Run the service in Django and yield its URL."""
    port = free_port()
    command = [
        sys.executable,
        "-m",
        "gunicorn",
        "--threads=2",
        f"-b127.0.0.1:{port}",
        "orders.django_api:application()",
    ]
    server = await asyncio.create_subprocess_exec(
        *command, env={**os.environ, "ORDERS_ISSUER": issuer}, stderr=asyncio.subprocess.DEVNULL
    )
    await asyncio.to_thread(_wait_for, port)
    yield f"http://127.0.0.1:{port}"
    server.terminate()
    await server.wait()


@pytest.fixture(params=[serve_aiohttp, serve_fastapi, serve_django])
async def client(issuer: str, request: pytest.FixtureRequest) -> AsyncIterator[ClientSession]:
    """Run the service in one framework and yield a client for it."""
    async with request.param(issuer) as url, ClientSession(url) as session:
        yield session


async def sign_in(issuer: str) -> dict[str, str]:
    """Sign Alice in and return the headers of her requests."""
    async with ClientSession() as client, client.post(f"{issuer}/auth/login", json=USER) as response:
        assert response.status == 200
        return {"Authorization": f"Bearer {(await response.json())['access_token']}"}


async def ask(client: ClientSession, method: str, path: str, headers: dict[str, str]) -> tuple[int, Any, str]:
    """Return the status, the JSON and the challenge of a response."""
    async with client.request(method, path, headers=headers) as response:
        body = await response.json(content_type=None)
        return response.status, body, response.headers.get("WWW-Authenticate", "")


async def test_routes_check_tokens_and_scopes(issuer: str, client: ClientSession) -> None:
    """The catalogue is public. Alice can read her orders, but she lacks the scope to order."""
    headers = await sign_in(issuer)
    assert (await ask(client, "GET", "/catalogue", {}))[0] == 200
    assert (await ask(client, "GET", "/orders", {}))[0] == 401
    assert (await ask(client, "GET", "/orders", headers))[:2] == (200, {"orders": []})
    status, _, challenge = await ask(client, "POST", "/orders/tea", headers)
    assert (status, 'scope="orders:write"' in challenge) == (403, True)


async def test_guard_follows_issuer(client: ClientSession) -> None:
    """The guard has keys and a feed before the first request."""
    _, health, _ = await ask(client, "GET", "/health", {})
    assert health["keys_age"] is not None
    assert health["feed_is_stale"] is False
