"""The aiohttp application: its middlewares, services and routes."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

from aiohttp import web
from aiohttp.typedefs import Middleware

from ... import VERSION
from ...domain.tokens.validation import Validation
from ..guards.aiohttp import Guard
from .api.console import CONSOLE_ROUTES
from .api.docs import PAGE_ROUTES
from .api.root import ROOT, Root
from .api.table import ROUTES
from .openapi.document import OPENAPI, OpenApiDocument
from .requests.client_address import CLIENT_ADDRESSES
from .requests.fields import MAX_BYTES
from .server.cors import CrossOrigin
from .server.door import DOOR
from .server.edge import edge
from .server.readiness import READINESS, Readiness
from .server.request_metrics import TELEMETRY

VALIDATION: Final = web.AppKey("keyturn_validation", Validation)


def build_application(
    services: Mapping[web.AppKey[Any], Any],
    *,
    issuer: str,
    docs: bool,
    console: bool,
    cors_origins: Sequence[str],
    observers: Iterable[Middleware],
) -> web.Application:
    """Return the application, protected by its own guard.

    The handlers find ``services`` in the application. ``docs`` and ``console`` say whether to serve a page that
    shows the API, and one for administrators. Web pages of ``cors_origins`` may call the service. ``observers`` are the
    outermost middlewares.
    """
    readiness = Readiness()
    outermost = edge(
        addresses=services[CLIENT_ADDRESSES],
        readiness=readiness,
        telemetry=services[TELEMETRY],
        door=services.get(DOOR),
    )
    app = web.Application(middlewares=[*observers, outermost], client_max_size=MAX_BYTES)
    app[READINESS] = readiness
    for key, service in services.items():
        app[key] = service
    operations = (*ROUTES, *(PAGE_ROUTES if docs else ()), *(CONSOLE_ROUTES if console else ()))
    app[ROOT] = Root(issuer, docs=docs, console=console)
    app[OPENAPI] = OpenApiDocument(operations, issuer=issuer, version=VERSION)
    if cors_origins:
        CrossOrigin(cors_origins).add_to(app)
    app.middlewares.append(Guard(app[VALIDATION], telemetry=app[TELEMETRY], issuer=issuer).middleware())
    app.add_routes(operations)
    return app
