"""The guard for WSGI applications (PEP 3333): a middleware. Every path needs a token, unless it is declared public."""

import logging
import sys
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any, Final, Protocol

from ...domain.errors import KeyturnError
from ...domain.tokens.claims import AccessTokenClaims
from ..errors.format import ErrorResponse
from ..errors.problem import PROBLEM
from .access import Access
from .core import HANDLER_REFUSALS, REFUSALS, FollowedFeed, GuardCore, RefusalTelemetry
from .environ import ACCESS, EnvironRequest, raw_path
from .open_requests import OpenRequests
from .public_paths import PublicPaths
from .token_sources import BearerHeader, HttpRequest

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

_LOG: Final = logging.getLogger("keyturn.guard")

TokenOf = Callable[[HttpRequest], str | None]


class Following(Protocol):
    """Follows the issuer on a thread. ``is_ready`` says that no request needs to wait."""

    is_ready: bool

    def start(self) -> None:
        """Start, without waiting."""
        ...

    def wait(self) -> None:
        """Start, and return after the first fetches or after a limited time."""
        ...


class WsgiGuard:
    """Protects WSGI applications: ``guarded = guard(application)``. ``public`` names the paths that need no token."""

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
    ) -> None:
        self.core: GuardCore[HttpRequest, ErrorResponse] = GuardCore(
            open_requests.validation,
            token=token or BearerHeader().token,
            render=render,
            feed=feed,
            closed=closed,
            telemetry=telemetry,
            issuer=issuer,
            audience=audience,
        )
        self.open_requests = open_requests
        self.public = PublicPaths(public)
        self.following = following
        _LOG.info("paths that need no access token: %s", ", ".join(sorted(self.public.declared)) or "none")

    def __call__(self, app: "WSGIApplication") -> "GuardedApplication":
        """Return the application behind this guard."""
        return GuardedApplication(app, self)

    def protect(self, app: Any) -> None:
        """Guard an application of Flask, or another object that has its WSGI application as ``wsgi_app``."""
        app.wsgi_app = self(app.wsgi_app)

    def start(self) -> None:
        """Begin to follow the issuer, without waiting. Otherwise the first request of a process does that."""
        if self.following is not None:
            self.following.start()

    def wait(self) -> None:
        """Begin to follow the issuer, and return after the first fetches, or after 5 seconds without them."""
        if self.following is not None:
            self.following.wait()

    def is_valid(self, principal: AccessTokenClaims) -> bool:
        """Return whether the session of a principal is not revoked and its token not expired, as far as is known."""
        return self.open_requests.is_valid(principal)

    def admits_without_token(self, environ: "WSGIEnvironment") -> bool:
        """Return whether the path of a request is public."""
        path = environ.get("PATH_INFO", "")
        if not path.isascii():
            path = path.encode("latin-1").decode("utf-8", "replace")
        return self.public.admits(environ["REQUEST_METHOD"], path or "/", raw_path(environ))

    def token_of(self, environ: "WSGIEnvironment") -> str:
        """Return the token of a request. Raises ``MissingToken``, or another one of ``REFUSALS``."""
        return self.core.token(EnvironRequest(environ))

    def admit(self, environ: "WSGIEnvironment", *, check_route: bool = True) -> Access:
        """Return the access of a request. Raises one of ``REFUSALS``.

        Only a request with a token waits for the first keys.
        """
        core, following = self.core, self.following
        token = self.token_of(environ)
        if following is not None and not following.is_ready:
            following.wait()
        principal = core.validate(token)
        if check_route:
            core.check_route(open_when_stale=False)
        return Access(principal, token, self.open_requests, core.feed)


class GuardedApplication:
    """An application behind a guard. It runs with a valid token only, except for public paths."""

    def __init__(self, app: "WSGIApplication", guard: WsgiGuard) -> None:
        self.app = app
        self._guard = guard

    def __call__(self, environ: "WSGIEnvironment", start_response: "StartResponse") -> Iterable[bytes]:
        """Serve one request."""
        guard = self._guard
        guard.start()
        environ.pop(ACCESS, None)
        if guard.admits_without_token(environ):
            return self.app(environ, start_response)
        try:
            access = environ[ACCESS] = guard.admit(environ)
        except REFUSALS as refusal:
            return _answer(guard.core.refuse(refusal), environ, start_response)
        return self._serve(access, environ, start_response)

    def _serve(self, access: Access, environ: "WSGIEnvironment", start_response: "StartResponse") -> Iterable[bytes]:
        """Run the application. An error that its checks raise becomes the answer, unless the answer has begun."""
        answer = Answer(access, start_response)
        try:
            body = self.app(environ, answer.start)
        except HANDLER_REFUSALS as refusal:
            return _answer(self._guard.core.refuse(refusal), environ, start_response, begun=answer.has_begun)
        refused = answer.returned()
        if refused is None:
            return body
        if hasattr(body, "close"):
            body.close()
        return _answer(self._guard.core.refuse(refused), environ, start_response)


class Answer:
    """The beginning of an application's answer. An error that follows from a refusal of its checks is held back, unless
    the application has returned: what it begins while its body is read, such as a generator, is its own answer.
    """

    __slots__ = ("_access", "_has_returned", "_is_held_back", "_start_response", "has_begun")

    def __init__(self, access: Access, start_response: "StartResponse") -> None:
        self._access = access
        self._start_response = start_response
        self._is_held_back = self._has_returned = False
        self.has_begun = False

    def start(self, status: str, headers: list[tuple[str, str]], exc_info: Any = None, /) -> Callable[[bytes], object]:
        """Begin the answer. The guard replaces an error that follows from a refusal."""
        if self._access.refusal is not None and not self._may_begin(status):
            self._is_held_back = True
            return _drop
        self.has_begun = True
        return self._start_response(status, headers, exc_info)

    def returned(self) -> KeyturnError | None:
        """Hold back nothing from now on. Return the refusal that takes the place of what was held back, if any."""
        self._has_returned = True
        return self._access.refusal if self._is_held_back and not self.has_begun else None

    def _may_begin(self, status: str) -> bool:
        return self.has_begun or self._has_returned or not _is_an_error(status)


def _is_an_error(status: str) -> bool:
    """Return whether a status says that the request failed: 403, or 500 and more."""
    return status.startswith(("403", "5"))


def _drop(_: bytes) -> None:
    """Drop a part of a body that nobody shall see."""


def _answer(
    response: ErrorResponse, environ: "WSGIEnvironment", start_response: "StartResponse", *, begun: bool = False
) -> Iterable[bytes]:
    """Return the body of a response to a refusal, after its beginning. If another answer has begun, the server drops
    that one, or raises the refusal if its headers have been sent.
    """
    headers = [*response.headers.items(), ("Content-Length", str(len(response.body)))]
    status = f"{response.status.value} {response.status.phrase}"
    start_response(status, headers, sys.exc_info() if begun else None)
    return [] if environ["REQUEST_METHOD"] == "HEAD" else [response.body]
