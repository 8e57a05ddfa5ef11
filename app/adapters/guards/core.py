"""The guard without a web framework: it turns a request into a principal, or into the response to a refusal.

The adapter of a framework reads the marks of a route, calls the core, and stores the principal on the request.
"""

from collections.abc import Callable
from typing import Final, Generic, Protocol, TypeVar

from ...domain.clocks.errors import ClockInDoubt
from ...domain.errors import InvalidRequest, KeyturnError
from ...domain.tokens.claims import AccessTokenClaims
from ...domain.tokens.errors import InsufficientScope, InvalidToken, MissingToken
from ...domain.verifier.errors import KeysUnknown, RevocationsUnknown
from .refused_tokens import LOGGED, RefusedTokens
from .token_sources import checked

REFUSALS: Final = (
    MissingToken,
    InvalidToken,
    InsufficientScope,
    InvalidRequest,
    KeysUnknown,
    RevocationsUnknown,
    ClockInDoubt,
)
"""The errors that refuse a request before its handler runs."""

HANDLER_REFUSALS: Final = (InsufficientScope, RevocationsUnknown)
"""The errors that refuse a request while its handler runs. The marks of the handler raise them."""

_Request = TypeVar("_Request")
_Response = TypeVar("_Response")


class TokenValidation(Protocol):
    """Validates access tokens."""

    def validate(self, token: str) -> AccessTokenClaims:
        """Return the claims of a valid token. Raises a subclass of ``InvalidToken``, and ``ClockInDoubt``."""
        ...


class FollowedFeed(Protocol):
    """The revocation feed that the guard follows."""

    def is_stale(self) -> bool:
        """Return whether the last valid feed is too old."""
        ...


class RefusalTelemetry(Protocol):
    """Counts refusals."""

    def access_refused(self, refusal: KeyturnError) -> None:
        """Count a request that the guard refused."""
        ...


class GuardCore(Generic[_Request, _Response]):
    """Decides which requests are let through.

    ``token`` returns the access token of a request. It returns ``None`` or raises an error if there is none. ``render``
    makes the response to a refusal. ``closed`` says whether a route without a mark is refused while the feed is stale.
    Tokens of another issuer than ``issuer``, of its unknown keys, and for others than ``audience`` are logged.

    ``claims_of`` is ``validate`` without this log: who calls it for each request calls ``note`` for each refusal.
    ``closes`` says whether ``check_route`` can refuse anything.
    """

    def __init__(
        self,
        validation: TokenValidation,
        *,
        token: Callable[[_Request], str | None],
        render: Callable[[KeyturnError], _Response],
        feed: FollowedFeed | None = None,
        closed: bool = False,
        telemetry: RefusalTelemetry | None = None,
        issuer: str | None = None,
        audience: str | None = None,
    ) -> None:
        self.feed = feed
        self.token = checked(token)
        self.claims_of = validation.validate
        self.closes = closed and feed is not None
        self._refused_tokens = None if issuer is None else RefusedTokens(issuer, audience)
        self._render = render
        self._closed = closed
        self._telemetry = telemetry

    def authenticate(self, request: _Request) -> AccessTokenClaims:
        """Return the principal that makes the request. Raises one of ``REFUSALS``."""
        return self.validate(self.token(request))

    def validate(self, token: str) -> AccessTokenClaims:
        """Return the claims of a valid token. Raises what ``TokenValidation`` raises."""
        try:
            return self.claims_of(token)
        except LOGGED as refusal:
            self.note(refusal, token)
            raise

    def note(self, refusal: KeyturnError, token: str) -> None:
        """Log the refusal of a token, if it shows a fault of the set-up."""
        if self._refused_tokens is not None:
            self._refused_tokens.note(refusal, token)

    def check_route(self, *, open_when_stale: bool) -> None:
        """Raise ``RevocationsUnknown`` while the feed is stale, if routes are closed then and this one is not open."""
        if self._closed and not open_when_stale and self.feed is not None:
            check_fresh(self.feed)

    def refuse(self, refusal: KeyturnError) -> _Response:
        """Count a refusal and return the response to it."""
        if self._telemetry is not None:
            self._telemetry.access_refused(refusal)
        return self._render(refusal)


def check_scope(principal: AccessTokenClaims, *scopes: str) -> None:
    """Raise ``InsufficientScope`` with the first of ``scopes`` that the principal lacks."""
    for scope in scopes:
        if scope not in principal.scope:
            raise InsufficientScope(scope)


def check_fresh(feed: FollowedFeed) -> None:
    """Raise ``RevocationsUnknown`` while the feed is stale."""
    if feed.is_stale():
        raise RevocationsUnknown
