"""``/openapi.json``: the document, written once."""

import json
from collections.abc import Sequence
from typing import Any, Final

from aiohttp import web

from ...guards.aiohttp import public
from ..operation import Operation
from ..responses import REVALIDATED, conditional_response, etag_of
from .description import describe


class OpenApiDocument:
    """The document as a value and as it is sent."""

    def __init__(self, operations: Sequence[Operation], *, issuer: str, version: str) -> None:
        self.content: dict[str, Any] = describe(operations, issuer=issuer, version=version)
        self.body: Final = json.dumps(self.content, ensure_ascii=False, separators=(",", ":")).encode()
        self.etag: Final = etag_of(self.body)


OPENAPI: Final = web.AppKey("keyturn_openapi", OpenApiDocument)


@public
async def openapi(request: web.Request) -> web.Response:
    """Gives this document."""
    document = request.app[OPENAPI]
    return conditional_response(
        request, body=document.body, etag=document.etag, content_type="application/json", headers=REVALIDATED
    )
