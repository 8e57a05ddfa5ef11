"""The guard for ASGI applications: a middleware. Every path needs a token, unless it is declared public."""

import logging
from collections.abc import Callable, Iterable
from typing import Any, Final

from ...domain.errors import KeyturnError
from ...domain.tokens.claims import AccessTokenClaims
from ..errors.format import ErrorResponse
from ..errors.problem import PROBLEM
from .access import Access, comes_from
from .asgi_answers import ACCESS, Answer, refuse
from .asgi_lifespan import FollowedLifespan, Following
from .asgi_requests import AsgiRequest
from .asgi_resource import challenge_with, is_metadata_request, send_metadata
from .asgi_types import Application, Receive, Scope, Send
from .core import REFUSALS, FollowedFeed, GuardCore, RefusalTelemetry
from .open_requests import OpenRequests
from .protected_resource import ProtectedResource
from .public_paths import WEBSOCKET, PublicPaths
from .token_sources import BearerHeader, HttpRequest

_LOG: Final = logging.getLogger("keyturn.guard")

TokenOf = Callable[[HttpRequest], str | None]


class AsgiGuard:
    """Protects ASGI applications: ``guarded = guard(application)``.

    Frameworks that build their middlewares themselves take the guard as one: ``app.add_middleware(guard)``. ``public``
    names the paths that need no token.
    """

    def __init__(
        self,
        open_requests: OpenRequests,
        *,
        public: Iterable[str] = (),
        token: TokenOf | None = None,
        render: Callable[[KeyturnError], ErrorResponse] = PROBLEM.render,
        feed: FollowedFeed | None = None,
        closed: bool = False,
        telemetry: RefusalTelemetry | None = None,
        issuer: str | None = None,
        audience: str | None = None,
        following: Following | None = None,
        resource: ProtectedResource | None = None,
    ) -> None:
        self.core: GuardCore[HttpRequest, ErrorResponse] = GuardCore(
            open_requests.validation,
            token=token or BearerHeader().token,
            render=render if resource is None else challenge_with(resource, render),
            feed=feed,
            closed=closed,
            telemetry=telemetry,
            issuer=issuer,
            audience=audience,
        )
        self.open_requests = open_requests
        self.public = PublicPaths(public)
        self.following = following
        self.resource = resource

    def __call__(self, app: Application) -> "GuardedApplication":
        """Return the application behind this guard."""
        return GuardedApplication(app, self)

    def is_valid(self, principal: AccessTokenClaims) -> bool:
        """Return whether the session of a principal is not revoked and its token not expired, as far as is known."""
        return self.open_requests.is_valid(principal)

    def admit(self, request: AsgiRequest) -> Access:
        """Return the access of a request. Raises one of ``REFUSALS``."""
        core = self.core
        token = core.token(request)
        principal = core.validate(token)
        core.check_route(open_when_stale=False)
        return Access(principal, token, self.open_requests, core.feed)


class GuardedApplication:
    """An application behind a guard. It runs with a valid token only, except for public paths."""

    def __init__(self, app: Application, guard: AsgiGuard) -> None:
        self.app = app
        self._guard = guard

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one connection. Raises ``RuntimeError`` for a kind of connection that nobody can guard."""
        kind, guard = scope["type"], self._guard
        if kind == "lifespan":
            _LOG.info("paths that need no access token: %s", ", ".join(guard.public.declared) or "none")
            await FollowedLifespan(self.app, guard.following).run(scope, receive, send)
            return
        if kind not in ("http", "websocket"):
            raise RuntimeError(f"the guard refuses a connection of the unknown kind {kind!r}")
        if ACCESS in scope:  # of a guard around this one, which keeps its own scope as it is
            scope = {key: value for key, value in scope.items() if key != ACCESS}
        if guard.following is not None and not guard.following.is_running:
            await guard.following.start()
        if guard.resource is not None and is_metadata_request(guard.resource, scope):
            await send_metadata(guard.resource, scope, send)
            return
        method = WEBSOCKET if kind == "websocket" else scope["method"]
        if guard.public.admits(method, scope["path"], scope.get("raw_path"), mounted_at=scope.get("root_path", "")):
            await self.app(scope, receive, send)
            return
        try:
            access = guard.admit(AsgiRequest(scope))
        except REFUSALS as refusal:
            if kind == "websocket":
                await receive()  # websocket.connect comes before every answer
            await refuse(guard.core.refuse(refusal), scope, send)
            return
        await self._serve(access, scope, receive, send)

    async def _serve(self, access: Access, scope: Scope, receive: Receive, send: Send) -> None:
        """Run the application. An error that its checks raise becomes the answer, unless the answer has begun."""
        scope[ACCESS] = access
        answer = Answer(access, scope, send, self._guard.core.refuse)
        try:
            await self.app(scope, receive, answer.send)
        except Exception as error:
            refusal = access.refusal
            if refusal is None or not comes_from(error, refusal) or not await answer.refuse(refusal):
                raise


def access_of(connection: Any) -> Access:
    """Return the access of a request: of a scope, or of a framework's object that has one as ``scope``.

    Raises ``RuntimeError`` where no guard protects the path, so that no handler serves strangers by mistake.
    """
    scope = connection if isinstance(connection, dict) else getattr(connection, "scope", None)
    access = None if scope is None else scope.get(ACCESS)
    if not isinstance(access, Access):
        raise RuntimeError("a principal is asked for on a path that no guard protects, or that is public")  # noqa: TRY004  # no type is wrong
    return access
