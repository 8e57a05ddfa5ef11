"""The page for administrators: ``/console``.

It is static and knows nothing: whatever it shows, its scripts get from the admin API, with the token of who signed in.
"""

from http import HTTPStatus
from typing import Final

from aiohttp import web

from ...guards.aiohttp_marks import public
from ..operation import Operation, with_etag
from .page_files import ASSET_RESPONSES, redirect_from_slash, send_page_file

ASSETS: Final = frozenset(
    {
        "activity.js",
        "api.js",
        "clients.js",
        "console.css",
        "elements.js",
        "icon.svg",
        "keys.js",
        "plot.js",
        "session.js",
        "sign_in.js",
        "start.js",
        "times.js",
        "user.js",
        "users.js",
    }
)
"""The files of the page."""

POLICY: Final = (
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self';"
    " base-uri 'none'; form-action 'none'; frame-ancestors 'none';"
    " require-trusted-types-for 'script'; trusted-types 'none'"
)
"""The content security policy of the page. The last two directives let no text become HTML or a script."""


@public
async def console(request: web.Request) -> web.Response:
    """Show the page for administrators."""
    return send_page_file(request, "console_page/page.html", policy=POLICY)


@public
async def console_asset(request: web.Request) -> web.Response:
    """Get a file of the page for administrators."""
    name = request.match_info["asset"]
    if not name:
        return redirect_from_slash("/console")
    if name not in ASSETS:
        raise web.HTTPNotFound
    return send_page_file(request, f"console_page/{name}")


CONSOLE_ROUTES: Final = (
    Operation("GET", "/console", console, responses=with_etag(str, "text/html")),
    Operation(
        "GET", "/console/{asset:[^/]*}", console_asset, responses=ASSET_RESPONSES, errors=(HTTPStatus.NOT_FOUND,)
    ),
)
"""The routes of the page. They are not served if ``KEYTURN_CONSOLE`` is 0."""
