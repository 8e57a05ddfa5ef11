"""The access log: one line for each response, without any text that a client chose."""

import logging
from typing import Final

from aiohttp import web
from aiohttp.abc import AbstractAccessLogger

from ...log_lines import JsonText, PreparedLine, escape, json_text
from ..requests.client_address import CLIENT_ADDRESS

ACCESS_LOG: Final = logging.getLogger("keyturn.access")

_NO_ROUTE: Final = "(no route)"


class AccessLog(AbstractAccessLogger):
    """Logs the pattern of the route, never the path or the query string: clients put tokens into both."""

    @property
    def enabled(self) -> bool:
        return self.logger.isEnabledFor(logging.INFO)

    def log(self, request: web.BaseRequest, response: web.StreamResponse, time: float) -> None:
        _ANSWERED.log_soon(request, response.status, time)


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


def _texts(request: web.BaseRequest, status: int, seconds: float) -> tuple[JsonText, ...]:
    """Return the values of a line."""
    try:
        address: str | None = request[CLIENT_ADDRESS]
    except KeyError:  # the request was unreadable
        address = request.remote
    return (
        escape(request.method),
        escape(route_pattern(request) or _NO_ROUTE),
        status,
        milliseconds_text(seconds),
        json_text(address),
    )


_ANSWERED: Final = PreparedLine(
    ACCESS_LOG, "answered", ("method", "route", "status", "milliseconds", "address"), _texts
)
