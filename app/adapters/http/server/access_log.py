"""The access log: one line for each response, without any text that a client chose."""

import logging
from typing import Final

from aiohttp import web
from aiohttp.abc import AbstractAccessLogger

from ..requests.client_address import CLIENT_ADDRESS

ACCESS_LOG: Final = logging.getLogger("keyturn.access")

_NO_ROUTE: Final = "(no route)"


class AccessLog(AbstractAccessLogger):
    """Logs the pattern of the route, never the path or the query string: clients put tokens into both."""

    @property
    def enabled(self) -> bool:
        return self.logger.isEnabledFor(logging.INFO)

    def log(self, request: web.BaseRequest, response: web.StreamResponse, time: float) -> None:
        fields = {
            "method": request.method,
            "route": route_pattern(request) or _NO_ROUTE,
            "status": response.status,
            "milliseconds": round(time * 1000, 3),
            "address": request.get(CLIENT_ADDRESS, request.remote),
        }
        self.logger.info("answered", extra={"fields": fields})


def route_pattern(request: web.BaseRequest) -> str:
    """Return the pattern of the request's route, such as ``/auth/sessions/{sid}``, or "" without a route.

    Logs, metrics and traces name this pattern instead of the path.
    """
    match = getattr(request, "_match_info", None)  # request.match_info fails for an unreadable request
    resource = None if match is None else match.route.resource
    return "" if resource is None else resource.canonical
