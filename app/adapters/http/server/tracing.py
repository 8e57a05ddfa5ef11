"""A span for each request (OpenTelemetry). It has the route, the method and the status, and no text of the client."""

from collections.abc import Mapping
from http import HTTPStatus
from typing import Final

from aiohttp import hdrs, web
from aiohttp.typedefs import Handler
from opentelemetry.context import Context
from opentelemetry.trace import SpanKind, Status, StatusCode, get_tracer
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

from .access_log import route_pattern

_TRACER: Final = get_tracer("keyturn")
_TRACE_CONTEXT: Final = TraceContextTextMapPropagator()
_PARENT: Final = "traceparent"
_METHODS: Final = frozenset(hdrs.METH_ALL)
_OTHER: Final = "_OTHER"


@web.middleware
async def trace(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Serve a request within a span. Its name follows the semantic conventions for HTTP servers: method and route.

    The only exception that can pass is ``CancelledError``. The span does not record it.
    """
    method = request.method if request.method in _METHODS else _OTHER
    route = route_pattern(request)
    name = f"{'HTTP' if method == _OTHER else method} {route}".rstrip()
    with _TRACER.start_as_current_span(
        name,
        context=_parent(request.headers),
        kind=SpanKind.SERVER,
        attributes={"http.request.method": method, **({"http.route": route} if route else {})},
        record_exception=False,
        set_status_on_exception=False,
    ) as span:
        response = await handler(request)
        span.set_attribute("http.response.status_code", response.status)
        if response.status >= HTTPStatus.INTERNAL_SERVER_ERROR:
            span.set_status(Status(StatusCode.ERROR))
        return response


def _parent(headers: Mapping[str, str]) -> Context:
    """Return the caller's span (W3C Trace Context §3.2) without its ``tracestate``, which can hold any text."""
    return _TRACE_CONTEXT.extract({_PARENT: headers.get(_PARENT, "")}, context=Context())
