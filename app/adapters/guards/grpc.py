"""The guard for ``grpc.aio`` servers: an interceptor. Every method needs a token, unless it is declared public."""

import logging
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from types import MappingProxyType
from typing import Any, Final, Protocol

import grpc.aio

from ...domain.tokens.claims import AccessTokenClaims
from .access import Access
from .core import REFUSALS, FollowedFeed, GuardCore, RefusalTelemetry
from .grpc_handlers import knowing, refusing
from .grpc_refusals import GrpcRefusal
from .open_requests import OpenRequests
from .public_methods import PublicMethods
from .token_sources import BearerHeader, HttpRequest

_LOG: Final = logging.getLogger("keyturn.guard")
_NONE: Final[Mapping[str, str]] = MappingProxyType({})

TokenOf = Callable[[HttpRequest], str | None]


class Following(Protocol):
    """Follows the issuer. ``is_running`` says that the first fetches are over."""

    @property
    def is_running(self) -> bool:
        """Whether no call needs to wait."""
        ...

    async def start(self) -> None:
        """Start, and return after the first fetches or after a limited time."""
        ...

    async def stop(self) -> None:
        """Stop."""
        ...


class GrpcGuard(grpc.aio.ServerInterceptor):
    """Guards all methods of a server: ``grpc.aio.server(interceptors=[guard])``. It is the first of the interceptors.

    ``public`` names the methods that need no token. The token is in the metadata ``authorization``.
    """

    def __init__(
        self,
        open_requests: OpenRequests,
        *,
        public: Iterable[str] = (),
        token: TokenOf | None = None,
        feed: FollowedFeed | None = None,
        closed: bool = False,
        telemetry: RefusalTelemetry | None = None,
        issuer: str | None = None,
        audience: str | None = None,
        following: Following | None = None,
    ) -> None:
        self.core: GuardCore[HttpRequest, GrpcRefusal] = GuardCore(
            open_requests.validation,
            token=token or BearerHeader().token,
            render=GrpcRefusal,
            feed=feed,
            closed=closed,
            telemetry=telemetry,
            issuer=issuer,
            audience=audience,
        )
        self.open_requests = open_requests
        self.public = PublicMethods(public)
        self.following = following
        _LOG.info("methods that need no access token: %s", ", ".join(self.public.declared) or "none")

    async def intercept_service(
        self,
        continuation: Callable[[grpc.HandlerCallDetails], Awaitable[Any]],
        handler_call_details: grpc.HandlerCallDetails,
    ) -> Any:
        """Return the handler of a call, or one that refuses it. No interceptor after this one sees a refused call."""
        if self.following is not None and not self.following.is_running:
            await self.following.start()
        if self.public.admits(handler_call_details.method):
            return await continuation(handler_call_details)
        try:
            access = self._admit(MetadataRequest(handler_call_details.invocation_metadata))
        except REFUSALS as refusal:
            return refusing(self.core.refuse(refusal))
        handler = await continuation(handler_call_details)
        return None if handler is None else knowing(handler, access, self.core.refuse)

    async def start(self) -> None:
        """Begin to follow the issuer, and return after the first fetches. Otherwise the first call does that."""
        if self.following is not None:
            await self.following.start()

    async def stop(self) -> None:
        """Follow the issuer no longer. The end of the event loop does the same."""
        if self.following is not None:
            await self.following.stop()

    def is_valid(self, principal: AccessTokenClaims) -> bool:
        """Return whether the session of a principal is not revoked and its token not expired, as far as is known."""
        return self.open_requests.is_valid(principal)

    def _admit(self, request: HttpRequest) -> Access:
        """Return the access of a call. Raises one of ``REFUSALS``."""
        token = self.core.token(request)
        principal = self.core.validate(token)
        self.core.check_route(open_when_stale=False)
        return Access(principal, token, self.open_requests, self.core.feed)


class MetadataRequest(HttpRequest):
    """The metadata of a call, as the sources of tokens read headers. There are no cookies."""

    __slots__ = ("_metadata",)

    def __init__(self, metadata: Iterable[tuple[str, str | bytes]] | None) -> None:
        self._metadata = metadata or ()

    @property
    def headers(self) -> "MetadataRequest":
        """The metadata."""
        return self

    def getall(self, name: str, default: tuple[()], /) -> Sequence[str]:
        """Return the values of a name, or ``default`` if there is none."""
        lower = name.lower()
        return [text if isinstance(text, str) else "" for key, text in self._metadata if key == lower] or default

    @property
    def cookies(self) -> Mapping[str, str]:
        """None."""
        return _NONE
