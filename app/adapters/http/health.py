"""What an orchestrator asks: ``/livez``, ``/readyz``."""

from aiohttp import web

from .answers import json_response
from .guard import public
from .readiness import READINESS


@public
async def livez(_: web.Request) -> web.Response:
    """The process is up."""
    return json_response({"status": "up"})


@public
async def readyz(request: web.Request) -> web.Response:
    """200 if this instance wants requests, else 503. It asks no store: what keeps up with them tells."""
    readiness = request.app[READINESS]
    return json_response({"status": str(readiness)}, status=200 if readiness else 503)
