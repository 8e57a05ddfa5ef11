"""The guard for servers of the Model Context Protocol over HTTP: that of ASGI, and a verifier of tokens for the SDK."""

from collections.abc import Sequence
from typing import Any, Final

from mcp.server.auth.provider import AccessToken
from mcp.server.auth.settings import AuthSettings
from pydantic import AnyHttpUrl

from ...domain.tokens.claims import AccessTokenClaims
from .access import Access
from .asgi import AsgiGuard, GuardedApplication
from .asgi_answers import ACCESS
from .asgi_types import Application, Receive, Scope, Send
from .core import REFUSALS
from .open_requests import OpenRequests
from .protected_resource import ProtectedResource

_HTTP: Final = "http"


class McpGuard(AsgiGuard):
    """Protects an MCP server over HTTP: ``app = guard(server.streamable_http_app())``.

    It serves the metadata of its ``resource`` (RFC 9728), and is the ``token_verifier`` of the server, whose tools then
    know their caller. Every request needs ``required_scopes``. Streams end with the access token.
    """

    def __init__(
        self,
        open_requests: OpenRequests,
        *,
        resource: ProtectedResource,
        required_scopes: Sequence[str] = (),
        **options: Any,
    ) -> None:
        super().__init__(open_requests, resource=resource, **options)
        self.metadata = resource
        self.required_scopes = tuple(required_scopes)

    def __call__(self, app: Application) -> GuardedApplication:
        """Return the application behind this guard."""
        return GuardedApplication(_Lasting(app, self.required_scopes), self)

    async def verify_token(self, token: str) -> AccessToken | None:
        """Return what the SDK knows of a valid token; ``None`` for another one, also while the keys are unknown.

        The SDK calls this for each request.
        """
        if self.following is not None and not self.following.is_running:
            await self.following.start()
        try:
            claims = self.core.validate(token)
            self.core.check_route(open_when_stale=False)
        except REFUSALS as refusal:
            self.core.refuse(refusal)
            return None
        return _known_to_mcp(claims, token, self.metadata.resource)

    def auth_settings(self) -> AuthSettings:
        """Return the settings ``auth`` of the SDK's server. The guard checks the audience itself."""
        return AuthSettings(
            issuer_url=AnyHttpUrl(self.metadata.issuer),
            resource_server_url=AnyHttpUrl(self.metadata.resource),
            required_scopes=[*self.required_scopes],
            validate_token_resource=False,
        )


class _Lasting:
    """An application whose requests need scopes, and end with their access token: a client may listen for hours."""

    def __init__(self, app: Application, required_scopes: Sequence[str]) -> None:
        self._app = app
        self._required_scopes = required_scopes

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one connection. Raises ``InsufficientScope``, and what ends the token. The guard renders both."""
        access = scope.get(ACCESS)
        if scope["type"] != _HTTP or not isinstance(access, Access):
            await self._app(scope, receive, send)
            return
        access.check_scope(*self._required_scopes)
        async with access.while_valid():
            await self._app(scope, receive, send)


def _known_to_mcp(claims: AccessTokenClaims, token: str, resource: str) -> AccessToken:
    return AccessToken(
        token=token,
        client_id=claims.client_id,
        scopes=claims.scope.text.split(),
        expires_at=claims.expires_at,
        resource=resource,
        subject=claims.subject,
        claims={"iss": claims.issuer, "sub": claims.subject, "aud": [*claims.audience], "jti": claims.token_id},
    )
