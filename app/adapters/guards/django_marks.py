"""The marks of Django's views: public, the required scopes, open or closed when stale."""

import functools
import inspect
from collections.abc import Callable
from typing import Any, Final, TypeVar

from .access import Access
from .environ import access_of

_PUBLIC: Final = "__keyturn_public__"
_CHECKED: Final = "__keyturn_checked__"
_OPEN: Final = "__keyturn_open_when_stale__"

_Marked = TypeVar("_Marked", bound=Callable[..., Any])


def public(view: _Marked) -> _Marked:
    """Mark a view as public, so that no access token is needed: a function, or a class of views.

    Raises ``TypeError`` for something else, and for a view that requires something of a token.
    """
    _check_kind(view)
    parts = [getattr(view, name) for name in dir(view)] if isinstance(view, type) else [view]
    if any(hasattr(part, _CHECKED) for part in parts):
        raise TypeError(f"{view!r} requires something of a token: it cannot be public")
    setattr(view, _PUBLIC, True)
    return view


def open_when_stale(view: _Marked) -> _Marked:
    """Let a view (a function, or a class of views) serve while the feed is stale, even if the guard is ``closed``."""
    _check_kind(view)
    setattr(view, _OPEN, True)
    return view


def requires(*scopes: str) -> Callable[[_Marked], _Marked]:
    """Let only tokens with all of ``scopes`` through to a view: a function, or a method of a class of views.

    For other tokens the view raises ``InsufficientScope``, which the guard renders. Without the guard it fails. Raises
    ``TypeError`` unless each scope is a string of its own.
    """
    if not scopes or not all(isinstance(scope, str) and len(scope.split()) == 1 for scope in scopes):
        raise TypeError('name each scope as a string of its own: @requires("orders:read")')
    return lambda view: _checked(view, lambda access: access.check_scope(*scopes))


def closed_when_stale(view: _Marked) -> _Marked:
    """Answer 503 while the revocation feed is stale, instead of serving a session that may be revoked.

    For a function, or a method of a class of views. Under a guard that follows no feed the view fails.
    """
    return _checked(view, Access.check_fresh)


def is_public(view: object) -> bool:
    """Return whether a view that Django resolved, or its class, is marked public. A subclass is not."""
    return _is_marked(view, _PUBLIC)


def is_open_when_stale(view: object) -> bool:
    """Return whether a view that Django resolved, or its class, is marked open."""
    return _is_marked(view, _OPEN)


def _is_marked(view: object, mark: str) -> bool:
    owners = (view, getattr(view, "view_class", None), getattr(view, "cls", None))
    return any(mark in getattr(owner, "__dict__", ()) for owner in owners)


def _check_kind(view: object) -> None:
    if not callable(view):
        raise TypeError(f"{view!r} is no view: mark the function or the class, or name the paths in public=[...]")


def _checked(view: _Marked, check: Callable[[Access], None]) -> _Marked:
    """Return a view with a check before it. A method of a view is called with the view before the request."""
    if isinstance(view, type):
        raise TypeError(f"{view!r} is a class: mark its methods, such as get")
    if hasattr(view, _PUBLIC):
        raise TypeError(f"{view!r} is public: it cannot require something of a token")

    def check_request(args: tuple[Any, ...]) -> None:
        check(access_of(next(each for each in args if hasattr(each, "META"))))

    @functools.wraps(view)
    def checked(*args: Any, **kwargs: Any) -> Any:
        check_request(args)
        return view(*args, **kwargs)

    @functools.wraps(view)
    async def checked_async(*args: Any, **kwargs: Any) -> Any:
        check_request(args)
        return await view(*args, **kwargs)

    marked: Any = checked_async if inspect.iscoroutinefunction(view) else checked
    setattr(marked, _CHECKED, True)
    return marked  # type: ignore[no-any-return]  # it has the type of the view
