"""Count and time requests."""

from time import perf_counter
from typing import Final

from aiohttp import web
from aiohttp.typedefs import Handler, Middleware

from ....ports.telemetry import Telemetry
from .access_log import route_pattern

TELEMETRY: Final = web.AppKey("keyturn_telemetry", Telemetry)


def measure_requests(telemetry: Telemetry) -> Middleware:
    """Return the middleware that counts and times every response. It is the outermost middleware."""

    @web.middleware
    async def measure(request: web.Request, handler: Handler) -> web.StreamResponse:
        began = perf_counter()
        response = await handler(request)
        telemetry.request_answered(
            method=request.method,
            route=route_pattern(request),
            status=response.status,
            seconds=perf_counter() - began,
        )
        return response

    return measure
