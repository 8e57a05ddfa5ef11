"""Cross-origin requests (the CORS protocol of the Fetch standard): which web pages may read the responses."""

from collections.abc import Collection
from typing import Final

from aiohttp import hdrs, web
from aiohttp.typedefs import Handler

_EXPOSED: Final = f"X-Request-Id, {hdrs.RETRY_AFTER}, {hdrs.WWW_AUTHENTICATE}"
_REQUEST_HEADERS: Final = f"{hdrs.AUTHORIZATION}, {hdrs.CONTENT_TYPE}, {hdrs.IF_NONE_MATCH}"
_MAX_AGE_SECONDS: Final = "600"


class CrossOrigin:
    """Allows pages of exactly these origins. Requests with cookies are not allowed: no cookie signs a user
    in, and a page can keep the device token itself.
    """

    def __init__(self, origins: Collection[str]) -> None:
        self._origins = frozenset(origins)

    def add_to(self, app: web.Application) -> None:
        """Answer the preflight requests to ``app``, and add the CORS headers to all its responses."""

        @web.middleware
        async def preflight(request: web.Request, handler: Handler) -> web.StreamResponse:
            return _preflight_response(request) if self._is_preflight(request) else await handler(request)

        app.middlewares.append(preflight)
        app.on_response_prepare.append(self._add_headers)

    def _is_preflight(self, request: web.Request) -> bool:
        return (
            request.method == hdrs.METH_OPTIONS
            and request.headers.get(hdrs.ORIGIN) in self._origins
            and hdrs.ACCESS_CONTROL_REQUEST_METHOD in request.headers
            and isinstance(request.match_info.http_exception, web.HTTPMethodNotAllowed)
        )

    async def _add_headers(self, request: web.Request, response: web.StreamResponse) -> None:
        """Add the headers. A response that is open to every origin stays as it is. Others vary (RFC 9110 §12.5.5)."""
        headers = response.headers
        if hdrs.ACCESS_CONTROL_ALLOW_ORIGIN in headers:
            return
        headers.add(hdrs.VARY, hdrs.ORIGIN)
        origin = request.headers.get(hdrs.ORIGIN, "")
        if origin in self._origins:
            headers[hdrs.ACCESS_CONTROL_ALLOW_ORIGIN] = origin
            headers[hdrs.ACCESS_CONTROL_EXPOSE_HEADERS] = _EXPOSED


def _preflight_response(request: web.Request) -> web.Response:
    error = request.match_info.http_exception
    assert isinstance(error, web.HTTPMethodNotAllowed)
    headers = {
        hdrs.ACCESS_CONTROL_ALLOW_METHODS: ", ".join(sorted(error.allowed_methods)),
        hdrs.ACCESS_CONTROL_ALLOW_HEADERS: _REQUEST_HEADERS,
        hdrs.ACCESS_CONTROL_MAX_AGE: _MAX_AGE_SECONDS,
        hdrs.VARY: f"{hdrs.ACCESS_CONTROL_REQUEST_METHOD}, {hdrs.ACCESS_CONTROL_REQUEST_HEADERS}",
    }
    return web.Response(status=204, headers=headers)
