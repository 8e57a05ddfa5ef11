"""The guard for aiohttp. Every route needs a valid access token, unless it is marked public."""

import logging
from collections.abc import Iterator
from typing import Final, Literal, NamedTuple, Protocol, get_args

from aiohttp import hdrs, web
from aiohttp.typedefs import Handler, Middleware

from ...domain.errors import ConfigurationError, KeyturnError
from ...domain.tokens.claims import AccessTokenClaims
from ..errors.aiohttp import problem
from .aiohttp_begun import cut, has_begun
from .aiohttp_marks import is_open_when_stale, is_public
from .aiohttp_preflights import answers_preflights, is_preflight
from .aiohttp_request import ENDED, GUARD, PRINCIPAL, TOKEN
from .aiohttp_resource import ErrorRenderer, add_metadata, challenge_with
from .core import HANDLER_REFUSALS, REFUSALS, FollowedFeed, GuardCore, RefusalTelemetry, TokenValidation
from .open_requests import OpenRequests, WhileValid
from .protected_resource import ProtectedResource
from .token_sources import BearerHeader

_LOG: Final = logging.getLogger("keyturn.guard")


Unmatched = Literal["refused", "public"]
"""What happens to a stranger's request for a path or a method that no route has."""


class TokenSource(Protocol):
    """Finds the access token of a request."""

    def token(self, request: web.Request) -> str | None:
        """Return the token. Returns ``None`` or raises ``MissingToken`` if there is none, or raises another domain
        error.
        """
        ...


class _Marks(NamedTuple):
    """The marks of a route."""

    is_public: bool
    open_when_stale: bool


class Guard:
    """Protects the routes of an application.

    ``tokens`` finds the access token of a request. ``render`` makes the response to a refused one, and ``telemetry``
    counts it. ``closed`` says whether routes without a mark respond with 503 while ``feed`` is stale. Tokens of another
    issuer than ``issuer`` are logged. ``open_requests`` has the requests inside ``while_valid``.

    The guard itself answers a stranger's request for a path or a method that no route has (404, 405), so that no
    middleware after it sees a request without a principal. With ``unmatched="public"`` they see these requests.

    ``resource`` is what the metadata of the service says (RFC 9728). Refusals then name this document.
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
        audience: str | None = None,
        open_requests: OpenRequests | None = None,
        unmatched: Unmatched = "refused",
        resource: ProtectedResource | None = None,
    ) -> None:
        if unmatched not in get_args(Unmatched):
            raise ConfigurationError(f"unmatched must be one of {get_args(Unmatched)}, not {unmatched!r}.")
        self._core: GuardCore[web.Request, web.StreamResponse] = GuardCore(
            validation,
            token=(tokens or BearerHeader(hdrs.AUTHORIZATION)).token,
            render=render if resource is None else challenge_with(resource, render),
            feed=feed,
            closed=closed,
            telemetry=telemetry,
            issuer=issuer,
            audience=audience,
        )
        self.feed = feed
        self._open_requests = open_requests
        self._resource = resource
        self._unmatched = _Marks(is_public=unmatched == "public", open_when_stale=False)
        self._marks: dict[web.AbstractRoute, _Marks] = {}

    def protect(self, app: web.Application) -> None:
        """Guard every route of ``app`` and its sub-applications that is not public. Log the public routes at start.

        Serve the metadata of the ``resource`` of the guard, if there is one, as a public route.
        """
        app.middlewares.append(self.middleware())
        if self._resource is not None:
            add_metadata(app, self._resource)
        app.on_startup.append(self._log_public_routes)

    def middleware(self) -> Middleware:
        """Return the guard as a middleware, for an application that orders its middlewares itself."""
        core, known = self._core, self._marks
        token, claims_of, closes = core.token, core.claims_of, core.closes

        @web.middleware
        async def guard(request: web.Request, handler: Handler) -> web.StreamResponse:
            marks = known.get(request.match_info.route) or self._read_marks(request.match_info)
            request[GUARD] = self
            if not marks.is_public:
                found = ""
                try:
                    found = token(request)
                    request[PRINCIPAL] = claims_of(found)
                    if closes:
                        core.check_route(open_when_stale=marks.open_when_stale)
                except REFUSALS as refusal:
                    if not is_preflight(request):
                        return self._refuse(request, refusal, found)
            try:
                return await handler(request)
            except REFUSALS as refusal:
                return self._refuse_late(request, refusal, marks)

        return guard

    def authenticate(self, request: web.Request, token: str | None = None) -> AccessTokenClaims:
        """Return the principal of a request, or of a ``token`` that came in another way. Raises one of ``REFUSALS``."""
        principal = self._core.validate(self._core.token(request) if token is None else token)
        self._core.check_route(open_when_stale=self._read_marks(request.match_info).open_when_stale)
        return principal

    def watch(self, request: web.Request) -> WhileValid:
        """Return the context of ``while_valid``. Raises ``RuntimeError`` if the guard has no ``open_requests``."""
        token = request[TOKEN] if TOKEN in request else self._core.token(request)
        return self._watched.while_valid(token, request[PRINCIPAL])

    def is_valid(self, principal: AccessTokenClaims) -> bool:
        """Return whether a principal's session is not revoked and its token not expired, as far as the guard knows."""
        return self._watched.is_valid(principal)

    @property
    def _watched(self) -> OpenRequests:
        if self._open_requests is None:
            raise RuntimeError("this guard was made without open_requests")
        return self._open_requests

    def _read_marks(self, match: web.UrlMappingMatchInfo) -> _Marks:
        """Return the marks of a route, or of requests that no route has."""
        if match.http_exception is not None:
            return self._unmatched
        route = match.route
        marks = self._marks[route] = _Marks(is_public(route), is_open_when_stale(route))
        return marks

    def _refuse(self, request: web.Request, refusal: KeyturnError, token: str) -> web.StreamResponse:
        """Refuse a request before its handler. Raises aiohttp's error for a path or a method that no route has."""
        unmatched = request.match_info.http_exception
        if unmatched is not None:
            raise unmatched from None
        self._core.note(refusal, token)
        return self._core.refuse(refusal)

    def _refuse_late(self, request: web.Request, refusal: KeyturnError, marks: _Marks) -> web.StreamResponse:
        """Refuse a request whose handler ran. Close the connection if it has begun its response.

        Raises an error that is not the guard's: one of the handler's own, or of a check on a public route.
        """
        is_of_a_mark = isinstance(refusal, HANDLER_REFUSALS) and not marks.is_public
        if not is_of_a_mark and request.get(ENDED) is not refusal:
            raise refusal
        response = self._core.refuse(refusal)
        return cut(request, status=response.status) if has_begun(request) else response

    async def _log_public_routes(self, app: web.Application) -> None:
        routes = sorted(public_routes(app))
        if self._unmatched.is_public:
            routes.append("whatever no route has")
        _LOG.info(
            "routes that need no access token: %s", ", ".join(routes) or "none", extra={"fields": {"routes": routes}}
        )


def public_routes(app: web.Application) -> Iterator[str]:
    """Yield the public routes of ``app`` as "GET /path", and the preflight requests that aiohttp-cors answers."""
    for route in app.router.routes():
        path = route.resource.canonical if route.resource else "*"
        if is_public(route):
            yield f"{route.method} {path}"
        elif answers_preflights(route):
            yield f"{hdrs.METH_OPTIONS} {path} (preflight)"
