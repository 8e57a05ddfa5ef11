"""What a route does while nobody knows which sessions were revoked lately."""

import functools
from collections.abc import Awaitable, Callable
from typing import Any, Final, Protocol, TypeVar

from aiohttp import web

from ...domain.verifier.errors import RevocationsUnknown

_OPEN: Final = "__keyturn_open_when_stale__"
CLOSED: Final = "__keyturn_closed_when_stale__"

_Marked = TypeVar("_Marked")
_Handler = Callable[..., Awaitable[web.StreamResponse]]


class Feed(Protocol):
    """What the guard needs of whatever follows the revocation feed."""

    def is_stale(self) -> bool:
        """Tell whether the feed has not been good for too long."""
        ...


FEED: Final = web.RequestKey("keyturn_feed", Feed)


def closed_when_stale(handler: _Handler) -> _Handler:
    """Answer 503 while the revocation feed is stale: for a handler (a function, or a method of a ``web.View``) that
    would rather do nothing than serve a session that may be revoked.

    Under a guard that follows no feed it fails; it never lets a request through unseen.
    """
    if hasattr(handler, _OPEN):
        raise TypeError(f"{handler!r} is open when the feed is stale: it cannot be closed")

    @functools.wraps(handler)
    async def guarded(*args: Any) -> web.StreamResponse:
        check_fresh(request_of(args))
        return await handler(*args)

    setattr(guarded, CLOSED, True)
    return guarded


def open_when_stale(marked: _Marked) -> _Marked:
    """Let a handler (a function, or a ``web.View``), a route or a resource go on while the revocation feed is stale,
    under a guard that is closed then.
    """
    if hasattr(marked, CLOSED):
        raise TypeError(f"{marked!r} is closed when the feed is stale: it cannot be open")
    setattr(marked, _OPEN, True)
    return marked


def check_fresh(request: web.Request) -> None:
    """Raise ``RevocationsUnknown`` while the feed is stale."""
    if FEED not in request:
        raise RuntimeError("a fresh feed is required on a route whose guard follows none")
    if request[FEED].is_stale():
        raise RevocationsUnknown


def goes_on(route: web.AbstractRoute) -> bool:
    """Tell whether a route, its handler or its resource is marked as open when the feed is stale."""
    return any(_OPEN in getattr(marked, "__dict__", ()) for marked in (route.handler, route, route.resource))


def request_of(args: tuple[Any, ...]) -> web.Request:
    """Return the request: a function handler is called with it, a view's method with the view."""
    request = args[-1].request if isinstance(args[-1], web.View) else args[-1]
    assert isinstance(request, web.Request)
    return request
