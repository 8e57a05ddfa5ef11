"""Long lists, a page at a time: each page names where the next begins, so that none is missed while others change."""

from dataclasses import dataclass
from typing import Final, Self

from aiohttp import web

from ....domain import base64url
from ....domain.errors import FieldError, InvalidRequest
from ..operation import Query

MOST: Final = 200
"""Items of a page, at most."""

_USUAL: Final = 50

PAGE_QUERY: Final = (
    Query("limit", "how many to list", {"type": "integer", "minimum": 1, "maximum": MOST, "default": _USUAL}),
    Query("after", "what a page before gave as next", {"type": "string"}),
)


@dataclass(frozen=True, slots=True)
class Page:
    """At most ``limit`` items that come ``after`` one of that name; "" comes before all."""

    after: str
    limit: int

    @classmethod
    def of(cls, request: web.Request) -> Self:
        """Return the page that the query's ``limit`` and ``after`` ask for; raises ``InvalidRequest``."""
        faults = []
        after, limit = "", _USUAL
        try:
            after = base64url.decode(request.query.get("after", "")).decode()
        except ValueError:
            faults.append(FieldError("after", "must be what a page before gave as next"))
        given = request.query.get("limit", str(_USUAL))
        if given.isascii() and given.isdecimal() and 1 <= int(given[:9]) <= MOST:
            limit = int(given)
        else:
            faults.append(FieldError("limit", f"must be a whole number from 1 to {MOST}"))
        if faults:
            raise InvalidRequest("The query is malformed.", errors=faults)
        return cls(after, limit)


def cursor(name: str) -> str:
    """Return the ``after`` of the page that begins behind the item of this name."""
    return base64url.encode(name.encode())
