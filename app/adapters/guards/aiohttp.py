"""The guard for aiohttp. Every route needs a valid access token, unless it is marked public."""

import functools
import logging
from collections.abc import Awaitable, Callable, Iterator
from typing import Any, Final, NamedTuple, Protocol, TypeVar

from aiohttp import web
from aiohttp.typedefs import Handler, Middleware

from ...domain.errors import KeyturnError
from ...domain.tokens.claims import AccessTokenClaims
from ..errors.aiohttp import problem
from . import core
from .core import HANDLER_REFUSALS, REFUSALS, Feed, GuardCore, RefusalTelemetry, TokenValidation, check_fresh
from .token_sources import BearerHeader

_LOG: Final = logging.getLogger("keyturn.guard")

PRINCIPAL: Final = web.RequestKey("keyturn_principal", AccessTokenClaims)
"""The claims of the access token. Every guarded handler finds them in ``request[PRINCIPAL]``."""

FEED: Final = web.RequestKey("keyturn_feed", Feed)

_PUBLIC: Final = "__keyturn_public__"
_SCOPES: Final = "__keyturn_scopes__"
_OPEN: Final = "__keyturn_open_when_stale__"
_CLOSED: Final = "__keyturn_closed_when_stale__"

_Marked = TypeVar("_Marked")
_Handler = Callable[..., Awaitable[web.StreamResponse]]


class TokenSource(Protocol):
    """Finds the access token of a request."""

    def token(self, request: web.Request) -> str:
        """Return the token. Raises ``MissingToken`` if there is none, or another domain error."""
        ...


class ErrorRenderer(Protocol):
    """Makes the response to a request that the guard refuses."""

    def __call__(self, error: KeyturnError) -> web.StreamResponse:
        """Return the response. A 401 must have ``WWW-Authenticate`` (RFC 9110 §15.5.2)."""
        ...


class _Marks(NamedTuple):
    """The marks of a route."""

    is_public: bool
    open_when_stale: bool


class Guard:
    """Protects the routes of an application.

    ``tokens`` finds the access token of a request. ``render`` makes the response to a refused one, and ``telemetry``
    counts it. ``closed`` says whether routes without a mark answer 503 while ``feed`` is stale.
    """

    def __init__(
        self,
        validation: TokenValidation,
        *,
        tokens: TokenSource | None = None,
        render: ErrorRenderer = problem,
        feed: Feed | None = None,
        closed: bool = False,
        telemetry: RefusalTelemetry | None = None,
    ) -> None:
        self._core: GuardCore[web.Request, web.StreamResponse] = GuardCore(
            validation,
            token=(tokens or BearerHeader()).token,
            render=render,
            feed=feed,
            closed=closed,
            telemetry=telemetry,
        )
        self._marks: dict[web.AbstractRoute, _Marks] = {}

    def protect(self, app: web.Application) -> None:
        """Guard every route of ``app`` and of its sub-applications that is not public. Log the public ones at start."""
        app.middlewares.append(self.middleware())
        app.on_startup.append(_log_public_routes)

    def middleware(self) -> Middleware:
        """Return the guard as a middleware, for an application that orders its middlewares itself."""

        @web.middleware
        async def guard(request: web.Request, handler: Handler) -> web.StreamResponse:
            match = request.match_info
            if match.http_exception is not None:
                return await handler(request)
            marks = self._marks.get(match.route) or self._read_marks(match.route)
            if marks.is_public:
                return await handler(request)
            try:
                self._admit(request, marks)
            except REFUSALS as refusal:
                return self._core.refuse(refusal)
            try:
                return await handler(request)
            except HANDLER_REFUSALS as refusal:
                return self._core.refuse(refusal)

        return guard

    def _admit(self, request: web.Request, marks: _Marks) -> None:
        request[PRINCIPAL] = self._core.authenticate(request)
        if self._core.feed is not None:
            request[FEED] = self._core.feed
        self._core.check_route(open_when_stale=marks.open_when_stale)

    def _read_marks(self, route: web.AbstractRoute) -> _Marks:
        marks = self._marks[route] = _Marks(is_public(route), _is_marked(route, _OPEN))
        return marks


def public(marked: _Marked) -> _Marked:
    """Mark what needs no access token: a handler (a function, or a ``web.View``), a route or a resource, such as the
    one that ``add_static`` returns.
    """
    parts = [getattr(marked, name) for name in dir(marked)] if isinstance(marked, type) else [marked]
    if any(hasattr(part, mark) for part in parts for mark in (_SCOPES, _CLOSED)):
        raise TypeError(f"{marked!r} requires something of a token: it cannot be public")
    setattr(marked, _PUBLIC, True)
    return marked


def requires(*scopes: str) -> Callable[[_Handler], _Handler]:
    """Let only tokens with all of ``scopes`` through to a handler: a function, or a method of a ``web.View``.

    For other tokens the handler raises ``InsufficientScope``, which the guard renders. Without the guard it fails.
    """
    if not scopes or not all(isinstance(scope, str) and len(scope.split()) == 1 for scope in scopes):
        raise TypeError('name each scope as a string of its own: @requires("orders:read")')

    def decorate(handler: _Handler) -> _Handler:
        if hasattr(handler, _PUBLIC):
            raise TypeError(f"{handler!r} is public: no token's scope can be required of it")
        checked = _checked(handler, lambda request: check_scope(request, *scopes))
        setattr(checked, _SCOPES, scopes)
        return checked

    return decorate


def closed_when_stale(handler: _Handler) -> _Handler:
    """Answer 503 while the revocation feed is stale, instead of serving a session that may be revoked. For a handler: a
    function, or a method of a ``web.View``.

    Under a guard that follows no feed the handler fails. It never serves a request without the check.
    """
    if hasattr(handler, _OPEN):
        raise TypeError(f"{handler!r} is open when the feed is stale: it cannot be closed")
    checked = _checked(handler, _check_fresh)
    setattr(checked, _CLOSED, True)
    return checked


def open_when_stale(marked: _Marked) -> _Marked:
    """Let a handler (a function, or a ``web.View``), a route or a resource go on while the revocation feed is stale,
    under a guard that is closed then.
    """
    if hasattr(marked, _CLOSED):
        raise TypeError(f"{marked!r} is closed when the feed is stale: it cannot be open")
    setattr(marked, _OPEN, True)
    return marked


def check_scope(request: web.Request, *scopes: str) -> None:
    """Raise ``InsufficientScope`` with the first of ``scopes`` that the principal lacks."""
    if PRINCIPAL not in request:
        raise RuntimeError("a scope is required on a route that no guard protects")
    core.check_scope(request[PRINCIPAL], *scopes)


def required_scopes(handler: object) -> tuple[str, ...]:
    """Return the scopes that a handler requires."""
    scopes: tuple[str, ...] = getattr(handler, _SCOPES, ())
    return scopes


def marked_public(marked: object) -> bool:
    """Tell whether a handler, a route or a resource is marked public itself. A view does not inherit the mark."""
    return _PUBLIC in getattr(marked, "__dict__", ())


def is_public(route: web.AbstractRoute) -> bool:
    """Tell whether a route, its handler or its resource is marked public."""
    return _is_marked(route, _PUBLIC)


def public_routes(app: web.Application) -> Iterator[str]:
    """Yield the public routes of ``app`` as "GET /path"."""
    for route in app.router.routes():
        if is_public(route):
            path = route.resource.canonical if route.resource else "*"
            yield f"{route.method} {path}"


def _is_marked(route: web.AbstractRoute, mark: str) -> bool:
    return any(mark in getattr(marked, "__dict__", ()) for marked in (route.handler, route, route.resource))


def _checked(handler: _Handler, check: Callable[[web.Request], None]) -> _Handler:
    """Return the handler with a check of the request before it. A method of a view is called with the view."""

    @functools.wraps(handler)
    async def checked(*args: Any) -> web.StreamResponse:
        last = args[-1]
        check(last.request if isinstance(last, web.View) else last)
        return await handler(*args)

    return checked


def _check_fresh(request: web.Request) -> None:
    if FEED not in request:
        raise RuntimeError("a fresh feed is required on a route whose guard follows none")
    check_fresh(request[FEED])


async def _log_public_routes(app: web.Application) -> None:
    _LOG.info("routes that need no access token", extra={"fields": {"routes": sorted(public_routes(app))}})
