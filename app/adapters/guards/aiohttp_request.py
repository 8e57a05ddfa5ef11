"""What a handler can ask the guard of its request."""

from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Final, Protocol

from aiohttp import web

from ...domain.errors import KeyturnError
from ...domain.tokens.claims import AccessTokenClaims
from ...domain.tokens.errors import InvalidToken
from .core import REFUSALS, FollowedFeed

PRINCIPAL: Final = web.RequestKey("keyturn_principal", AccessTokenClaims)
"""The claims of the access token. Every guarded handler finds them in ``request[PRINCIPAL]``."""


class GuardOfRequest(Protocol):
    """The guard that let a request through."""

    @property
    def feed(self) -> FollowedFeed | None:
        """The feed that the guard follows."""
        ...

    def authenticate(self, request: web.Request, token: str | None = None) -> AccessTokenClaims:
        """Return the principal of a request, or of a ``token`` that came in another way. Raises one of ``REFUSALS``."""
        ...

    def watch(self, request: web.Request) -> AbstractAsyncContextManager[None]:
        """Return the context that is cancelled when the token of the request ends."""
        ...


GUARD: Final = web.RequestKey("keyturn_guard", GuardOfRequest)
TOKEN: Final = web.RequestKey("keyturn_token", str)
"""The token that ``accept_token`` was given."""

ENDED: Final = web.RequestKey("keyturn_ended", KeyturnError)
"""Why ``while_valid`` or ``accept_token`` ended the request."""


def optional_principal(request: web.Request) -> AccessTokenClaims | None:
    """Return the principal, on a public route too: ``None`` for a request without a valid token.

    What the guard would refuse is ``None``: an invalid token too, and every token while the guard is closed because the
    feed is stale. Raises ``RuntimeError`` on a route that no guard protects.
    """
    if PRINCIPAL not in request:
        try:
            request[PRINCIPAL] = _guard_of(request).authenticate(request)
        except REFUSALS:
            return None
    return request[PRINCIPAL]


def accept_token(request: web.Request, token: str) -> AccessTokenClaims:
    """Return the principal of a token that came in another way than the guard expects, such as in the first message of
    a socket. The request has this principal from now on.

    Raises the refusal, such as a subclass of ``InvalidToken``. If the handler lets it pass, the guard refuses the
    request, or closes the connection of a response that has begun.
    """
    try:
        request[PRINCIPAL] = _guard_of(request).authenticate(request, token)
    except REFUSALS as refusal:
        request[ENDED] = refusal
        raise
    request[TOKEN] = token
    return request[PRINCIPAL]


@asynccontextmanager
async def while_valid(request: web.Request) -> AsyncIterator[None]:
    """Cancel the block when the access token of the request ends: its session is revoked, its key dropped, or it
    expires.

    The block then raises the reason, a subclass of ``InvalidToken`` such as ``SessionRevoked`` or ``ExpiredToken``. If
    the handler lets it pass, the guard refuses the request, or closes the connection of a response that has begun.
    Raises ``RuntimeError`` on a route that no guard protects, and for a request without a principal.
    """
    guard = _guard_of(request)
    if PRINCIPAL not in request:
        raise RuntimeError("while_valid needs a principal: on a public route, ask for optional_principal first")
    try:
        async with guard.watch(request):
            yield
    except InvalidToken as ended:
        request[ENDED] = ended
        raise


def _guard_of(request: web.Request) -> GuardOfRequest:
    if GUARD not in request:
        raise RuntimeError("a principal is asked for on a route that no guard protects")
    return request[GUARD]
