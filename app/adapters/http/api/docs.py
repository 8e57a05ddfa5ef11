"""The OpenAPI document and a page that shows it: ``/openapi.json``, ``/docs``.

The page loads nothing from other hosts.
"""

from http import HTTPStatus
from typing import Final

from aiohttp import web

from ...guards.aiohttp_marks import public
from ..openapi.document import OPENAPI
from ..operation import Operation, with_etag
from ..responses import REVALIDATED, conditional_response
from .page_files import ASSET_RESPONSES, redirect_from_slash, send_page_file

ASSETS: Final = {
    "start.js": "start.js",
    "page.css": "page.css",
    "swagger-ui.css": "swagger_ui/swagger-ui.css",
    "swagger-ui-bundle.js": "swagger_ui/swagger-ui-bundle.js",
    "favicon-32x32.png": "swagger_ui/favicon-32x32.png",
}
"""The files of the page, by the names in their URLs."""

_POLICY: Final = (
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self' data:;"
    " base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
"""The content security policy of the page. ``data:`` is for the icons in its stylesheet."""


@public
async def openapi(request: web.Request) -> web.Response:
    """Get this document."""
    document = request.app[OPENAPI]
    return conditional_response(
        request, body=document.body, etag=document.etag, content_type="application/json", headers=REVALIDATED
    )


@public
async def page(request: web.Request) -> web.Response:
    """Show this document as a page that can send requests."""
    return send_page_file(request, "docs_page/page.html", policy=_POLICY)


@public
async def page_asset(request: web.Request) -> web.Response:
    """Get a file of the page."""
    name = request.match_info["asset"]
    if not name:
        return redirect_from_slash("/docs")
    path = ASSETS.get(name)
    if path is None:
        raise web.HTTPNotFound
    return send_page_file(request, f"docs_page/{path}")


ROUTES: Final = (Operation("GET", "/openapi.json", openapi, responses=with_etag(dict)),)

PAGE_ROUTES: Final = (
    Operation("GET", "/docs", page, responses=with_etag(str, "text/html")),
    Operation("GET", "/docs/{asset:[^/]*}", page_asset, responses=ASSET_RESPONSES, errors=(HTTPStatus.NOT_FOUND,)),
)
"""The routes of the page. They are not served if ``KEYTURN_DOCS`` is 0."""
