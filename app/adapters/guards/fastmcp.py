"""The guard of MCP as FastMCP takes it: the ``auth`` of a server."""

from typing import Any

from fastmcp.server.auth import AccessToken, TokenVerifier
from pydantic import AnyHttpUrl
from starlette.middleware import Middleware

from .mcp import McpGuard


class FastMcpAuth(TokenVerifier):
    """Puts a guard before the application of a FastMCP server. The guard serves the metadata of the resource itself."""

    def __init__(self, guard: McpGuard) -> None:
        super().__init__(required_scopes=[*guard.required_scopes])
        self._guard = guard

    async def verify_token(self, token: str) -> AccessToken | None:
        """Return what FastMCP knows of a valid token; ``None`` for another one."""
        known = await self._guard.verify_token(token)
        return None if known is None else AccessToken(**known.model_dump())

    def get_middleware(self) -> list[Any]:
        """Return the guard, and behind it the middlewares that give a tool its caller."""
        return [Middleware(self._guard), *super().get_middleware()]

    def _get_resource_url(self, path: str | None = None) -> AnyHttpUrl:  # noqa: ARG002  # the guard knows the whole URL
        return AnyHttpUrl(self._guard.metadata.resource)
