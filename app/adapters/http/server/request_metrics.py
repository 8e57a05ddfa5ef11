"""Requests as telemetry sees them."""

from time import perf_counter
from typing import Final

from aiohttp import web
from aiohttp.typedefs import Handler, Middleware

from ....ports.telemetry import Telemetry
from .route_pattern import route_pattern

TELEMETRY: Final = web.AppKey("keyturn_telemetry", Telemetry)


def measuring(telemetry: Telemetry) -> Middleware:
    """Return the middleware that counts and times what every other has made of a request."""

    @web.middleware
    async def measure(request: web.Request, handler: Handler) -> web.StreamResponse:
        began = perf_counter()
        response = await handler(request)
        telemetry.answered(
            method=request.method,
            route=route_pattern(request),
            status=response.status,
            seconds=perf_counter() - began,
        )
        return response

    return measure
