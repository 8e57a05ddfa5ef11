"""The guard for MCP, on the servers of the SDK and of FastMCP: the protocol itself. The battery has the attacks."""

import asyncio
import json
import socket
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any, Final

import httpx
import pytest
import uvicorn

from app.domain.errors import ConfigurationError
from app.guard.mcp import McpGuard, remote_guard
from app.testing import TestIssuer

from .applications import SECRET
from .mcp_applications import fastmcp_application, sdk_application

_READ: Final = "orders:read"
_INITIALIZE: Final[dict[str, Any]] = {
    "protocolVersion": "2025-06-18",
    "capabilities": {},
    "clientInfo": {"name": "test", "version": "1"},
}
_ACCEPT: Final = {"Accept": "application/json, text/event-stream", "Content-Type": "application/json"}
Build = Callable[[McpGuard], Any]


@asynccontextmanager
async def serving(build: Build, issuer: TestIssuer) -> AsyncIterator[httpx.AsyncClient]:
    """Run a server of MCP on uvicorn. Yield a client whose ``base_url`` is that of the server."""
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        listening.listen()
        url = f"http://127.0.0.1:{listening.getsockname()[1]}"
        app = build(issuer.mcp_guard(f"{url}/mcp", required_scopes=[_READ]))
        server = uvicorn.Server(uvicorn.Config(app, log_level="critical", ws="none"))
        task = asyncio.create_task(server.serve(sockets=[listening]))
        try:
            async with httpx.AsyncClient(base_url=url, headers=_ACCEPT, timeout=60) as client:
                yield client
        finally:
            server.should_exit = True
            await task


async def ask(client: httpx.AsyncClient, method: str, *, number: int | None = 1, **parameters: Any) -> httpx.Response:
    """Send a message of MCP: a request, or a notification without a ``number``."""
    message: dict[str, Any] = {"jsonrpc": "2.0", "method": method, "params": parameters}
    return await client.post("/mcp", json=message if number is None else {**message, "id": number})


@pytest.mark.parametrize("build", [sdk_application, fastmcp_application])
async def test_the_protocol_is_guarded(build: Build) -> None:
    """A stranger learns where to get a token (RFC 9728), and a token without the scope gets 403. A tool knows its
    caller. The stream of a session ends when it is revoked.
    """
    issuer = TestIssuer()
    token = issuer.token("alice", scope=_READ)
    async with serving(build, issuer) as client:
        refused = await ask(client, "initialize", **_INITIALIZE)
        url = str(client.base_url).rstrip("/")
        document = f"{url}/.well-known/oauth-protected-resource/mcp"
        assert refused.status_code == 401
        assert refused.headers["www-authenticate"] == f'Bearer resource_metadata="{document}"'
        metadata = (await client.get(document)).json()
        assert metadata["resource"] == f"{url}/mcp"
        assert (metadata["authorization_servers"], metadata["scopes_supported"]) == ([issuer.url], [_READ])
        client.headers.update(issuer.headers(issuer.token("bob", scope="orders:write")))
        denied = await ask(client, "initialize", **_INITIALIZE)
        assert (denied.status_code, f'scope="{_READ}"' in denied.headers["www-authenticate"]) == (403, True)
        client.headers.update(issuer.headers(token))
        begun = await ask(client, "initialize", **_INITIALIZE)
        client.headers["mcp-session-id"] = begun.headers["mcp-session-id"]
        assert (await ask(client, "notifications/initialized", number=None)).status_code == 202
        called = await ask(client, "tools/call", number=2, name="whose", arguments={})
        assert json.dumps(SECRET + "alice") in called.text
        await _check_that_the_stream_ends(client, issuer, token)
        assert (await ask(client, "tools/list", number=3)).status_code == 401


async def _check_that_the_stream_ends(client: httpx.AsyncClient, issuer: TestIssuer, token: str) -> None:
    async with client.stream("GET", "/mcp", headers={"Accept": "text/event-stream"}) as stream:
        assert stream.status_code == 200
        issuer.revoke(token)
        with pytest.raises(httpx.RemoteProtocolError):
            async for _ in stream.aiter_bytes():
                pass


async def test_a_token_of_another_server_is_refused() -> None:
    """Without another audience, tokens are for the URL of the server (RFC 8707)."""
    resource = "https://orders.example/mcp"
    issuer = TestIssuer(audience=resource)
    verifier = issuer.mcp_guard(resource)
    known = await verifier.verify_token(issuer.token("alice", scope=_READ, client_id="agent"))
    assert known is not None
    assert (known.subject, known.client_id, known.scopes) == ("alice", "agent", [_READ])
    for token in (issuer.token(aud="https://other.example/mcp"), issuer.expired_token(), issuer.revoked_token(), ""):
        assert await verifier.verify_token(token) is None
    remote = remote_guard(issuer="https://id.example", resource=resource)
    assert str(remote.auth_settings().resource_server_url) == resource
    with pytest.raises(ConfigurationError, match="must be the https URL"):
        remote_guard(issuer="https://id.example", resource="http://orders.example/mcp")
