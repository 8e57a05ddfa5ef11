"""The document of ``/openapi.json``, written once at start."""

import json
from collections.abc import Sequence
from typing import Any, Final

from aiohttp import web

from ..operation import Operation
from ..responses import etag_of
from .description import describe


class OpenApiDocument:
    """The document as a value, and as the bytes that are sent, with their ETag."""

    def __init__(self, operations: Sequence[Operation], *, issuer: str, version: str) -> None:
        self.content: dict[str, Any] = describe(operations, issuer=issuer, version=version)
        self.body: Final = json.dumps(self.content, ensure_ascii=False, separators=(",", ":")).encode()
        self.etag: Final = etag_of(self.body)


OPENAPI: Final = web.AppKey("keyturn_openapi", OpenApiDocument)
