"""The access log: one line for each answer, with nothing in it that a client wrote freely."""

import logging
from typing import Final

from aiohttp import web
from aiohttp.abc import AbstractAccessLogger

from ..requests.client_address import CLIENT_ADDRESS
from .route_pattern import route_pattern

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
            "route": route_pattern(request) or _UNMATCHED,
            "status": response.status,
            "milliseconds": round(time * 1000, 3),
            "address": request.get(CLIENT_ADDRESS, request.remote),
        }
        self.logger.info("answered", extra={"fields": fields})
