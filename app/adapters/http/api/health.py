"""Health checks: ``/livez``, ``/readyz``."""

from http import HTTPStatus
from typing import Final, NotRequired, TypedDict

from aiohttp import web

from ... import compact_json
from ...guards.aiohttp_marks import public
from ..operation import Operation, ResponseSpec
from ..responses import json_bytes_response, json_response
from ..server.readiness import READINESS


class Health(TypedDict):
    """The state of the instance, and why it is not ready while it runs."""

    status: str
    reason: NotRequired[str]


_UP: Final = compact_json.encode(Health(status="up"))


@public
async def livez(_: web.Request) -> web.Response:
    """Show that the process is running."""
    return json_bytes_response(_UP)


@public
async def readyz(request: web.Request) -> web.Response:
    """Show whether this instance is ready for requests. Background tasks check the stores; this request does not."""
    readiness = request.app[READINESS]
    health: Health = {"status": str(readiness)}
    if (reason := readiness.faults.get(health["status"])) is not None:
        health["reason"] = reason
    return json_response(health, status=200 if readiness else 503)


ROUTES: Final = (
    Operation("GET", "/livez", livez, responses=ResponseSpec(Health)),
    Operation(
        "GET",
        "/readyz",
        readyz,
        responses=(ResponseSpec(Health), ResponseSpec(Health, status=HTTPStatus.SERVICE_UNAVAILABLE)),
    ),
)
