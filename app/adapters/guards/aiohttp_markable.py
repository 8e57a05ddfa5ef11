"""What a mark can be put on. A mark on anything else would have no effect, so it is a ``TypeError``."""

from aiohttp import web
from aiohttp.abc import AbstractView
from aiohttp.web_urldispatcher import PrefixedSubAppResource


def set_mark(marked: object, name: str) -> None:
    """Set a mark on a handler, a route or a resource. Raises ``TypeError`` for what the guard does not read."""
    if isinstance(marked, PrefixedSubAppResource | web.Application):
        raise TypeError(f"{marked!r} is a whole application: mark its handlers, routes or resources")
    is_view = isinstance(marked, type) and issubclass(marked, AbstractView)
    is_handler = callable(marked) and not isinstance(marked, type)
    if not (is_view or is_handler or isinstance(marked, web.AbstractRoute | web.AbstractResource)):
        raise TypeError(f"{marked!r} cannot be marked: mark a handler, a web.View, a route or a resource")
    try:
        setattr(marked, name, True)
    except AttributeError as error:
        raise TypeError(f"{marked!r} cannot be marked: mark the function itself, where it is defined") from error


def check_handler(handler: object) -> None:
    """Raise ``TypeError`` unless a check can run before a handler: a function, a method, or a ``web.View``.

    A route or a resource has its handler already, so that the check would never run.
    """
    is_view = isinstance(handler, type) and issubclass(handler, AbstractView)
    is_function = callable(handler) and not isinstance(handler, type | web.Application)
    if not (is_view or is_function):
        raise TypeError(f"{handler!r} is not a handler: decorate a function, or a method of a web.View")
