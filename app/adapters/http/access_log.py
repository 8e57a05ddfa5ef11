"""The access log: one line for each answer, with nothing in it that a client wrote freely."""

import logging
from typing import Final

from aiohttp import web
from aiohttp.abc import AbstractAccessLogger

from .client_address import CLIENT_ADDRESS

ACCESS_LOG: Final = logging.getLogger("keyturn.access")

_UNMATCHED: Final = "(no route)"


class AccessLog(AbstractAccessLogger):
    """Tells the route instead of the path, and no query string: tokens end up in both."""

    @property
    def enabled(self) -> bool:
        return self.logger.isEnabledFor(logging.INFO)

    def log(self, request: web.BaseRequest, response: web.StreamResponse, time: float) -> None:
        fields = {
            "method": request.method,
            "route": _route(request),
            "status": response.status,
            "milliseconds": round(time * 1000, 3),
            "address": request.get(CLIENT_ADDRESS, request.remote),
        }
        self.logger.info("answered", extra={"fields": fields})


def _route(request: web.BaseRequest) -> str:
    match = getattr(request, "_match_info", None)  # what was not HTTP has none, and asking openly for it fails
    resource = None if match is None else match.route.resource
    return _UNMATCHED if resource is None else resource.canonical
