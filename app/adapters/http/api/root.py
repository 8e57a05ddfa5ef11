"""The URL of the service itself, which people type: ``/``."""

from http import HTTPStatus
from typing import Final, NotRequired, TypedDict
from urllib.parse import urlsplit

from aiohttp import hdrs, web

from ... import compact_json
from ...guards.aiohttp_marks import public
from ..operation import Operation, ResponseSpec
from ..responses import REVALIDATED
from .server_metadata import METADATA_PATH

_VARIED: Final = {**REVALIDATED, hdrs.VARY: hdrs.ACCEPT}
"""For responses that depend on what the client accepts (RFC 9110 §12.5.5)."""


class Documents(TypedDict):
    """Where to read about the service: its issuer, and the URLs of its documents."""

    issuer: str
    metadata: str
    openapi: str
    docs: NotRequired[str]
    console: NotRequired[str]


class Root:
    """The response for programs, and the path of the page to which browsers are led; ``None`` without ``docs``."""

    def __init__(self, issuer: str, *, docs: bool, console: bool) -> None:
        base = issuer.rstrip("/")
        documents: Documents = {"issuer": issuer, "metadata": base + METADATA_PATH, "openapi": f"{base}/openapi.json"}
        if docs:
            documents["docs"] = f"{base}/docs"
        if console:
            documents["console"] = f"{base}/console"
        self.body = compact_json.encode(documents)
        self.page = f"{urlsplit(base).path}/docs" if docs else None


ROOT: Final = web.AppKey("keyturn_root", Root)


@public
async def root(request: web.Request) -> web.Response:
    """Get the URLs of the documents. A browser is led to the page of the API."""
    found = request.app[ROOT]
    if found.page is not None and "text/html" in request.headers.get(hdrs.ACCEPT, "").lower():
        return web.Response(status=HTTPStatus.SEE_OTHER, headers={hdrs.LOCATION: found.page, **_VARIED})
    return web.Response(body=found.body, headers={hdrs.CONTENT_TYPE: "application/json", **_VARIED})


ROUTES: Final = (
    Operation(
        "GET",
        "/",
        root,
        responses=(
            ResponseSpec(Documents),
            ResponseSpec(status=HTTPStatus.SEE_OTHER, headers=(hdrs.CACHE_CONTROL, hdrs.LOCATION)),
        ),
    ),
)
