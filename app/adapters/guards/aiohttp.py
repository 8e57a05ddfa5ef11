"""The guard for aiohttp. Every route needs a valid access token, unless it is marked public."""

import logging
from collections.abc import Iterator
from typing import Final, NamedTuple, Protocol

from aiohttp import hdrs, web
from aiohttp.typedefs import Handler, Middleware

from ...domain.errors import KeyturnError
from ..errors.aiohttp import problem
from .aiohttp_marks import FEED, PRINCIPAL, is_open_when_stale, is_public
from .core import HANDLER_REFUSALS, REFUSALS, FollowedFeed, GuardCore, RefusalTelemetry, TokenValidation
from .token_sources import BearerHeader

_LOG: Final = logging.getLogger("keyturn.guard")


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
    counts it. ``closed`` says whether routes without a mark respond with 503 while ``feed`` is stale. Tokens of another
    issuer than ``issuer`` are logged.
    """

    def __init__(
        self,
        validation: TokenValidation,
        *,
        tokens: TokenSource | None = None,
        render: ErrorRenderer = problem,
        feed: FollowedFeed | None = None,
        closed: bool = False,
        telemetry: RefusalTelemetry | None = None,
        issuer: str | None = None,
    ) -> None:
        self._core: GuardCore[web.Request, web.StreamResponse] = GuardCore(
            validation,
            token=(tokens or BearerHeader(hdrs.AUTHORIZATION)).token,
            render=render,
            feed=feed,
            closed=closed,
            telemetry=telemetry,
            issuer=issuer,
        )
        self._marks: dict[web.AbstractRoute, _Marks] = {}

    def protect(self, app: web.Application) -> None:
        """Guard every route of ``app`` and its sub-applications that is not public. Log the public routes at start."""
        app.middlewares.append(self.middleware())
        app.on_startup.append(_log_public_routes)

    def middleware(self) -> Middleware:
        """Return the guard as a middleware, for an application that orders its middlewares itself."""
        core, known = self._core, self._marks
        token, validate, feed = core.token, core.validate, core.feed

        @web.middleware
        async def guard(request: web.Request, handler: Handler) -> web.StreamResponse:
            match = request.match_info
            marks = known.get(match.route)
            if marks is None:
                if match.http_exception is not None:
                    return await handler(request)
                marks = self._read_marks(match.route)
            if marks.is_public:
                return await handler(request)
            try:
                request[PRINCIPAL] = validate(token(request))
                if feed is not None:
                    request[FEED] = feed
                    core.check_route(open_when_stale=marks.open_when_stale)
            except REFUSALS as refusal:
                return core.refuse(refusal)
            try:
                return await handler(request)
            except HANDLER_REFUSALS as refusal:
                return core.refuse(refusal)

        return guard

    def _read_marks(self, route: web.AbstractRoute) -> _Marks:
        marks = self._marks[route] = _Marks(is_public(route), is_open_when_stale(route))
        return marks


def public_routes(app: web.Application) -> Iterator[str]:
    """Yield the public routes of ``app`` as "GET /path"."""
    for route in app.router.routes():
        if is_public(route):
            path = route.resource.canonical if route.resource else "*"
            yield f"{route.method} {path}"


async def _log_public_routes(app: web.Application) -> None:
    _LOG.debug("routes that need no access token", extra={"fields": {"routes": sorted(public_routes(app))}})
