"""What FastAPI has more than other ASGI frameworks: the principal as a dependency, and the scheme in the OpenAPI."""

from collections.abc import Awaitable, Callable
from http import HTTPStatus
from typing import Annotated, Final

from fastapi import HTTPException, Security, WebSocketException
from fastapi.openapi.models import HTTPBearer
from fastapi.requests import HTTPConnection
from fastapi.security.base import SecurityBase

from ...domain.errors import KeyturnError
from ...domain.tokens.claims import AccessTokenClaims
from .asgi import access_of
from .asgi_answers import POLICY_VIOLATION

Dependency = Callable[..., Awaitable[AccessTokenClaims]]


class AccessTokenScheme(SecurityBase):
    """The security scheme in the OpenAPI document: a bearer token, which the guard has validated already."""

    def __init__(self) -> None:
        self.model = HTTPBearer(bearerFormat="JWT", description="An access token of Keyturn (RFC 9068).")
        self.scheme_name = "keyturn"

    async def __call__(self) -> None:
        """Do nothing: the guard refused the request if its token is not valid."""


SCHEME: Final = AccessTokenScheme()


def requires(*scopes: str) -> Dependency:
    """Return a dependency that gives the principal, and lets only tokens with all of ``scopes`` through.

    Without scopes, every valid token is let through. Raises ``TypeError`` unless each scope is a string of its own.
    """
    if not all(isinstance(scope, str) and len(scope.split()) == 1 for scope in scopes):
        raise TypeError('name each scope as a string of its own: Depends(requires("orders:read"))')

    async def principal(
        connection: HTTPConnection, _: Annotated[None, Security(SCHEME, scopes=scopes)]
    ) -> AccessTokenClaims:
        access = access_of(connection)
        try:
            access.check_scope(*scopes)
        except KeyturnError as refusal:
            raise _known_to_fastapi(connection, refusal) from refusal
        return access.principal

    return principal


async def fresh(connection: HTTPConnection) -> None:
    """Answer 503 while the revocation feed is stale. Use it as ``Depends(fresh)``."""
    try:
        access_of(connection).check_fresh()
    except KeyturnError as refusal:
        raise _known_to_fastapi(connection, refusal) from refusal


def _known_to_fastapi(connection: HTTPConnection, refusal: KeyturnError) -> HTTPException | WebSocketException:
    """Return an error that FastAPI answers without logging a bug. The guard puts its own answer in the place of that
    one.
    """
    if connection.scope["type"] == "websocket":
        return WebSocketException(POLICY_VIOLATION)
    return HTTPException(HTTPStatus.FORBIDDEN, refusal.description)
