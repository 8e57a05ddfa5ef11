"""The marks of aiohttp's handlers, routes and resources: public, the required scopes, open or closed when stale."""

import functools
from collections.abc import Awaitable, Callable
from typing import Any, Final, TypeVar

from aiohttp import web

from . import core
from .aiohttp_markable import check_handler, set_mark
from .aiohttp_request import GUARD, PRINCIPAL

_PUBLIC: Final = "__keyturn_public__"
_SCOPES: Final = "__keyturn_scopes__"
_OPEN: Final = "__keyturn_open_when_stale__"
_CLOSED: Final = "__keyturn_closed_when_stale__"

_Marked = TypeVar("_Marked")
_Handler = Callable[..., Awaitable[web.StreamResponse]]


def public(marked: _Marked) -> _Marked:
    """Mark as public, so that no access token is needed: a handler (a function, or a ``web.View``), a route or a
    resource, such as the one that ``add_static`` returns. Raises ``TypeError`` for anything else, such as a whole
    sub-application.
    """
    parts = [getattr(marked, name) for name in dir(marked)] if isinstance(marked, type) else [marked]
    if any(hasattr(part, mark) for part in parts for mark in (_SCOPES, _CLOSED)):
        raise TypeError(f"{marked!r} requires something of a token: it cannot be public")
    set_mark(marked, _PUBLIC)
    return marked


def requires(*scopes: str) -> Callable[[_Handler], _Handler]:
    """Let only tokens with all of ``scopes`` through to a handler: a function, or a method of a ``web.View``.

    For other tokens the handler raises ``InsufficientScope``, which the guard renders. Without the guard it fails.
    """
    if not scopes or not all(isinstance(scope, str) and len(scope.split()) == 1 for scope in scopes):
        raise TypeError('name each scope as a string of its own: @requires("orders:read")')

    def decorate(handler: _Handler) -> _Handler:
        check_handler(handler)
        if hasattr(handler, _PUBLIC):
            raise TypeError(f"{handler!r} is public: it cannot require a scope of a token")
        checked = _checked(handler, lambda request: check_scope(request, *scopes))
        setattr(checked, _SCOPES, scopes)
        return checked

    return decorate


def closed_when_stale(handler: _Handler) -> _Handler:
    """Respond with 503 while the revocation feed is stale, instead of serving a session that may be revoked. For a
    handler: a function, or a method of a ``web.View``.

    Under a guard that follows no feed the handler fails. It never serves a request without the check.
    """
    check_handler(handler)
    if hasattr(handler, _OPEN):
        raise TypeError(f"{handler!r} is open when the feed is stale: it cannot be closed")
    checked = _checked(handler, _check_fresh)
    setattr(checked, _CLOSED, True)
    return checked


def open_when_stale(marked: _Marked) -> _Marked:
    """Let a handler (a function, or a ``web.View``), a route or a resource serve while the revocation feed is stale,
    even if the guard is ``closed``.
    """
    if hasattr(marked, _CLOSED):
        raise TypeError(f"{marked!r} is closed when the feed is stale: it cannot be open")
    set_mark(marked, _OPEN)
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
    """Return whether a handler, a route or a resource has the mark ``public``. A view does not inherit the mark."""
    return _PUBLIC in getattr(marked, "__dict__", ())


def is_public(route: web.AbstractRoute) -> bool:
    """Return whether a route, its handler or its resource is marked public."""
    return _is_marked(route, _PUBLIC)


def is_open_when_stale(route: web.AbstractRoute) -> bool:
    """Return whether a route, its handler or its resource is marked open."""
    return _is_marked(route, _OPEN)


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
    feed = request[GUARD].feed if GUARD in request else None
    if feed is None:
        raise RuntimeError("a fresh feed is required on a route whose guard follows none")
    core.check_fresh(feed)
