"""The files of the pages for browsers, such as ``/docs``: they lie beside this module and are read once."""

from functools import cache
from http import HTTPStatus
from importlib.resources import files
from typing import Final

from aiohttp import hdrs, web

from ..operation import ResponseSpec, with_etag
from ..responses import REVALIDATED, conditional_response, etag_of

_TYPES: Final = {
    ".css": "text/css; charset=utf-8",
    ".html": "text/html; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".png": "image/png",
    ".svg": "image/svg+xml",
}


ASSET_RESPONSES: Final = (
    *with_etag(bytes, "*/*"),
    ResponseSpec(status=HTTPStatus.SEE_OTHER, headers=(hdrs.CACHE_CONTROL, hdrs.LOCATION)),
)
"""The responses with a file of a page. Without the name of a file, the client is led to the page."""


def send_page_file(request: web.Request, path: str, *, policy: str | None = None) -> web.Response:
    """Return a file, or 304 if the client has it. ``policy`` is the content security policy of a page."""
    body, etag = _read(path)
    headers = REVALIDATED if policy is None else {**REVALIDATED, "Content-Security-Policy": policy}
    return conditional_response(
        request, body=body, etag=etag, content_type=_TYPES[path[path.rindex(".") :]], headers=headers
    )


def redirect_from_slash(path: str) -> web.Response:
    """Return the response to the path of a page with a slash at its end. The location is relative, so that it is right
    below the path of a proxy too.
    """
    return web.Response(status=HTTPStatus.SEE_OTHER, headers={hdrs.LOCATION: f"..{path}", **REVALIDATED})


@cache
def _read(path: str) -> tuple[bytes, str]:
    """Return the bytes of a file, and their ETag."""
    body = files(__package__).joinpath(path).read_bytes()
    return body, etag_of(body)
