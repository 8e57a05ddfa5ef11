"""The application of ``applications.py`` on servers of MCP, as routes beside the protocol, and a tool."""

# ruff: noqa: PLC0415
from typing import Any

from starlette.requests import Request
from starlette.responses import PlainTextResponse

from app.guard import asgi
from app.guard.mcp import McpGuard, fastmcp_auth, remote_guard
from tests.http.guarded_app import AUDIENCE

from .applications import SECRET, WRITE

_RESOURCE = "http://127.0.0.1:8090/mcp"
_PUBLIC = ("GET /welcome", "/open/*")


def mcp(issuer: str, settings: dict[str, Any]) -> Any:
    """Return the application of the official SDK."""
    return sdk_application(_guard(issuer, settings))


def fastmcp(issuer: str, settings: dict[str, Any]) -> Any:
    """Return the application of FastMCP."""
    return fastmcp_application(_guard(issuer, settings))


def sdk_application(guard: McpGuard) -> Any:
    """Return a guarded server of the SDK with a tool."""
    from mcp.server.auth.middleware.auth_context import get_access_token
    from mcp.server.mcpserver import MCPServer

    server = MCPServer("orders", token_verifier=guard, auth=guard.auth_settings())

    @server.tool()
    def whose() -> str:
        caller = get_access_token()
        return SECRET + str(caller and caller.subject)

    _add_routes(server)
    return guard(server.streamable_http_app())


def fastmcp_application(guard: McpGuard) -> Any:
    """Return a guarded server of FastMCP with a tool."""
    from fastmcp import FastMCP
    from fastmcp.server.dependencies import get_access_token

    server = FastMCP("orders", auth=fastmcp_auth(guard))

    @server.tool
    def whose() -> str:
        caller = get_access_token()
        return SECRET + str(caller and caller.subject)

    _add_routes(server)
    return server.http_app()


def _guard(issuer: str, settings: dict[str, Any]) -> McpGuard:
    return remote_guard(issuer=issuer, resource=_RESOURCE, audience=AUDIENCE, public=_PUBLIC, **settings)


def _add_routes(server: Any) -> None:
    async def orders(request: Request) -> PlainTextResponse:
        if request.method == "POST":
            asgi.check_scope(request, WRITE)
        return PlainTextResponse(SECRET + asgi.principal(request).subject)

    async def forgotten(_: Request) -> PlainTextResponse:
        return PlainTextResponse(SECRET)

    async def welcome(_: Request) -> PlainTextResponse:
        return PlainTextResponse("welcome")

    server.custom_route("/orders", methods=["GET", "POST"])(orders)
    server.custom_route("/forgotten", methods=["GET"])(forgotten)
    server.custom_route("/welcome", methods=["GET"])(welcome)
    server.custom_route("/open/{rest:path}", methods=["GET"])(welcome)
