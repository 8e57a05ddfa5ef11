"""The access log: one line for each response, without any text that a client chose."""

import logging
from functools import lru_cache
from http import HTTPStatus
from typing import Final

from aiohttp import web
from aiohttp.abc import AbstractAccessLogger

from ...log_lines import PreparedLine, fields_text, json_text
from ..requests.client_address import CLIENT_ADDRESS, peer_address

ACCESS_LOG: Final = logging.getLogger("keyturn.access")

_LOGGED: Final = web.RequestKey("keyturn_logged", bool)
_NO_ROUTE: Final = "(no route)"


class AccessLog(AbstractAccessLogger):
    """Logs the pattern of the route, never the path or the query string: clients put tokens into both."""

    @property
    def enabled(self) -> bool:
        return self.logger.isEnabledFor(logging.INFO)

    def log(self, request: web.BaseRequest, response: web.StreamResponse, time: float) -> None:
        if response.status != HTTPStatus.BAD_REQUEST or _LOGGED not in request:
            _ANSWERED.log_soon(request, response.status, time)


def mark_logged(request: web.BaseRequest) -> None:
    """Let a response with status 400 have no line in the access log, because another line says it all."""
    request[_LOGGED] = True


def route_pattern(request: web.BaseRequest) -> str:
    """Return the pattern of the request's route, such as ``/auth/sessions/{sid}``, or "" without a route.

    Logs, metrics and traces name this pattern instead of the path.
    """
    match = getattr(request, "_match_info", None)  # request.match_info fails for an unreadable request
    resource = None if match is None else match.route.resource
    return "" if resource is None else resource.canonical


def milliseconds_text(seconds: float) -> str:
    """Return a duration in milliseconds, as JSON, to a microsecond: the text of ``round(seconds * 1000, 3)``."""
    text = f"{seconds * 1000:.3f}".rstrip("0")
    return f"{text}0" if text.endswith(".") else text


def _fields(request: web.BaseRequest, status: int, seconds: float) -> str:
    """Return the text of the fields of a line."""
    try:
        address: str | None = request[CLIENT_ADDRESS]
    except KeyError:  # the request was unreadable
        address = peer_address(request)
    route = route_pattern(request) or _NO_ROUTE
    answered = _answered(request.method, route, status)
    return f'{answered}, "milliseconds": {milliseconds_text(seconds)}, "address": {json_text(address)}'


@lru_cache(maxsize=256)
def _answered(method: str, route: str, status: int) -> str:
    """Return the text of the fields that few lines have of their own."""
    return fields_text({"method": method, "route": route, "status": status})


_ANSWERED: Final = PreparedLine(ACCESS_LOG, "answered", _fields)
