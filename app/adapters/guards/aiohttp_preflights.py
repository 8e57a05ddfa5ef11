"""Preflight requests (the CORS protocol of the Fetch standard). A browser sends them without a token."""

from typing import Final

from aiohttp import hdrs, web

_CORS_PACKAGE: Final = "aiohttp_cors"


def is_preflight(request: web.Request) -> bool:
    """Return whether a request is a preflight request that aiohttp-cors answers.

    Its handler tells a page only which requests it may send. An ``OPTIONS`` handler of the application is none of them.
    """
    return (
        request.method == hdrs.METH_OPTIONS
        and hdrs.ACCESS_CONTROL_REQUEST_METHOD in request.headers
        and answers_preflights(request.match_info.route)
    )


def answers_preflights(route: web.AbstractRoute) -> bool:
    """Return whether the handler of ``OPTIONS`` requests is that of aiohttp-cors: a handler of its own, or the method
    of its mixin for views.
    """
    if route.method not in (hdrs.METH_OPTIONS, hdrs.METH_ANY):
        return False
    handler: object = route.handler
    if isinstance(handler, type):
        handler = getattr(handler, "options", None)
    module: str = getattr(getattr(handler, "__func__", handler), "__globals__", {}).get("__name__", "")
    return module.partition(".")[0] == _CORS_PACKAGE
