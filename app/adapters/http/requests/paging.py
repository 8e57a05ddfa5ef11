"""Pages of long lists. A page gives the start of the next page by name, so no item is missed if the list changes."""

from dataclasses import dataclass
from typing import Final, Self

from aiohttp import web

from ....domain import base64url
from ....domain.errors import FieldError, InvalidRequest
from ..operation import Query

MAX_LIMIT: Final = 200
"""The highest number of items on a page."""

_DEFAULT_LIMIT: Final = 50

PAGE_QUERY: Final = (
    Query(
        "limit",
        "The number of items to list.",
        {"type": "integer", "minimum": 1, "maximum": MAX_LIMIT, "default": _DEFAULT_LIMIT},
    ),
    Query("after", "`next` of the previous page.", {"type": "string"}),
)


@dataclass(frozen=True, slots=True)
class Page:
    """The requested part of a list: at most ``limit`` items, after the item named ``after``.

    The first page is after "".
    """

    after: str
    limit: int

    @classmethod
    def of(cls, request: web.Request) -> Self:
        """Return the page of the query parameters ``limit`` and ``after``; raises ``InvalidRequest``."""
        errors = []
        after, limit = "", _DEFAULT_LIMIT
        try:
            after = base64url.decode(request.query.get("after", "")).decode()
        except ValueError:
            errors.append(FieldError("after", "must be the value of next from an earlier page"))
        text = request.query.get("limit", str(_DEFAULT_LIMIT))
        if text.isascii() and text.isdecimal() and 1 <= int(text[:9]) <= MAX_LIMIT:
            limit = int(text)
        else:
            errors.append(FieldError("limit", f"must be a whole number from 1 to {MAX_LIMIT}"))
        if errors:
            raise InvalidRequest("The query is malformed.", errors=errors)
        return cls(after, limit)


def cursor(name: str) -> str:
    """Return the value of ``after`` for the page that starts after the item of this name."""
    return base64url.encode(name.encode())
