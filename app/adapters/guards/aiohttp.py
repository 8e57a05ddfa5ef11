"""The guard: every route needs a valid access token, unless it is marked public."""

import functools
import logging
from collections.abc import Awaitable, Callable, Iterator
from typing import Any, Final, Protocol, TypeVar

from aiohttp import web
from aiohttp.typedefs import Handler, Middleware

from ...domain.errors import InvalidRequest, KeyturnError
from ...domain.tokens.claims import AccessTokenClaims
from ...domain.tokens.errors import InsufficientScope, InvalidToken, MissingToken
from ...domain.verifier.errors import KeysUnknown, RevocationsUnknown
from ..errors.aiohttp import problem
from .bearer import BearerHeader, TokenSource
from .staleness import CLOSED, FEED, Feed, check_fresh, goes_on, request_of

_LOG: Final = logging.getLogger("keyturn.guard")

PRINCIPAL: Final = web.RequestKey("keyturn_principal", AccessTokenClaims)
"""Who makes the request: ``request[PRINCIPAL]`` in every guarded handler."""

_PUBLIC: Final = "__keyturn_public__"
_SCOPES: Final = "__keyturn_scopes__"

_Marked = TypeVar("_Marked")
_Handler = Callable[..., Awaitable[web.StreamResponse]]
_REFUSALS: Final = (MissingToken, InvalidToken, InsufficientScope, InvalidRequest, KeysUnknown, RevocationsUnknown)
_REFUSALS_OF_HANDLERS: Final = (InsufficientScope, RevocationsUnknown)


class TokenValidation(Protocol):
    """What the guard needs of validation."""

    def validate(self, token: str) -> AccessTokenClaims:
        """Return the claims of a valid token; raises a subclass of ``InvalidToken``."""
        ...


class ErrorRenderer(Protocol):
    """Makes the answer to a request that the guard refuses."""

    def __call__(self, error: KeyturnError) -> web.StreamResponse:
        """Return the answer; a 401 must carry ``WWW-Authenticate`` (RFC 9110 §15.5.2)."""
        ...


class Guard:
    """Protects the routes of an application.

    ``tokens`` finds the access token of a request, ``render`` makes the answer to one that is refused. ``feed`` tells
    whether revocations are known; ``closed`` is what a route that says nothing is while they are not.
    """

    def __init__(
        self,
        validation: TokenValidation,
        *,
        tokens: TokenSource | None = None,
        render: ErrorRenderer = problem,
        feed: Feed | None = None,
        closed: bool = False,
    ) -> None:
        self._validation = validation
        self._tokens = tokens or BearerHeader()
        self._render = render
        self._feed = feed
        self._closed = closed
        self._public: dict[web.AbstractRoute, bool] = {}

    def protect(self, app: web.Application) -> None:
        """Guard every route of ``app`` and of its sub-applications that is not public, and log the public ones."""
        app.middlewares.append(self.middleware())
        app.on_startup.append(_log_public_routes)

    def middleware(self) -> Middleware:
        """Return the guard as a middleware, for an application that orders its own."""

        @web.middleware
        async def guard(request: web.Request, handler: Handler) -> web.StreamResponse:
            match = request.match_info
            if match.http_exception is not None or self._is_public(match.route):
                return await handler(request)
            try:
                request[PRINCIPAL] = self._validation.validate(self._tokens.token(request))
                if self._feed is not None:
                    self._heed(self._feed, request)
            except _REFUSALS as error:
                return self._render(error)
            try:
                return await handler(request)
            except _REFUSALS_OF_HANDLERS as error:
                return self._render(error)

        return guard

    def _heed(self, feed: Feed, request: web.Request) -> None:
        request[FEED] = feed
        if self._closed and not goes_on(request.match_info.route):
            check_fresh(request)

    def _is_public(self, route: web.AbstractRoute) -> bool:
        known = self._public.get(route)
        if known is None:
            known = self._public[route] = is_public(route)
        return known


def public(marked: _Marked) -> _Marked:
    """Mark what needs no access token: a handler (a function, or a ``web.View``), a route or a resource, such as the
    one that ``add_static`` returns.
    """
    parts = [getattr(marked, name) for name in dir(marked)] if isinstance(marked, type) else [marked]
    if any(hasattr(part, mark) for part in parts for mark in (_SCOPES, CLOSED)):
        raise TypeError(f"{marked!r} requires something of a token: it cannot be public")
    setattr(marked, _PUBLIC, True)
    return marked


def is_public(route: web.AbstractRoute) -> bool:
    """Tell whether a route, its handler or its resource is marked public itself; no view inherits the mark."""
    return any(map(marked_public, (route.handler, route, route.resource)))


def marked_public(marked: object) -> bool:
    """Tell whether a handler, a route or a resource carries the mark itself."""
    return _PUBLIC in getattr(marked, "__dict__", ())


def required_scopes(handler: object) -> tuple[str, ...]:
    """Return the scopes that a handler requires."""
    scopes: tuple[str, ...] = getattr(handler, _SCOPES, ())
    return scopes


def requires(*scopes: str) -> Callable[[_Handler], _Handler]:
    """Let only tokens with all of ``scopes`` through to a handler: a function, or a method of a ``web.View``.

    The handler raises ``InsufficientScope`` otherwise, which the guard renders; without the guard it fails.
    """
    if not scopes or not all(isinstance(scope, str) and len(scope.split()) == 1 for scope in scopes):
        raise TypeError('name each scope as a string of its own: @requires("orders:read")')

    def decorate(handler: _Handler) -> _Handler:
        if hasattr(handler, _PUBLIC):
            raise TypeError(f"{handler!r} is public: no token's scope can be required of it")

        @functools.wraps(handler)
        async def guarded(*args: Any) -> web.StreamResponse:
            check_scope(request_of(args), *scopes)
            return await handler(*args)

        setattr(guarded, _SCOPES, scopes)
        return guarded

    return decorate


def check_scope(request: web.Request, *scopes: str) -> AccessTokenClaims:
    """Return the principal if it has all of ``scopes``; raises ``InsufficientScope`` naming the first it lacks."""
    if PRINCIPAL not in request:
        raise RuntimeError("a scope is required on a route that no guard protects")
    principal = request[PRINCIPAL]
    for scope in scopes:
        if scope not in principal.scope:
            raise InsufficientScope(scope)
    return principal


def public_routes(app: web.Application) -> Iterator[str]:
    """Yield the public routes of ``app`` as "GET /path"."""
    for route in app.router.routes():
        if is_public(route):
            path = route.resource.canonical if route.resource else "*"
            yield f"{route.method} {path}"


async def _log_public_routes(app: web.Application) -> None:
    _LOG.info("routes that need no access token", extra={"fields": {"routes": sorted(public_routes(app))}})
