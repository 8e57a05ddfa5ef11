"""Pages of long lists. A page gives the start of the next page by name, so no item is missed if the list changes."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final, Generic, TypeVar

from aiohttp import web

from ....domain import base64url
from .query import Query, read_query, whole_number_query

MAX_LIMIT: Final = 200
"""The highest number of items on a page."""

_DEFAULT_LIMIT: Final = 50
_WRONG_CURSOR: Final = "must be the value of next from an earlier page"

_Position = TypeVar("_Position")
_Item = TypeVar("_Item")

_LIMIT: Final = whole_number_query(
    "limit", "The number of items to list.", minimum=1, maximum=MAX_LIMIT, default=_DEFAULT_LIMIT
)


@dataclass(frozen=True, slots=True)
class Page(Generic[_Position]):
    """The requested part of a list: at most ``limit`` items, after the item at the position ``after``."""

    after: _Position
    limit: int

    @property
    def limit_and_one(self) -> int:
        """The number of items to read: one more than the page has shows whether there is a next page."""
        return self.limit + 1

    def split(self, read: Sequence[_Item]) -> tuple[Sequence[_Item], _Item | None]:
        """Return the items of the page, and its last item if there is a next page.

        ``read`` has the first ``limit_and_one`` items after ``after``.
        """
        items = read[: self.limit]
        return items, items[-1] if len(read) > self.limit else None


class Pages(Generic[_Position]):
    """The pages of one list, and the query parameters ``limit`` and ``after`` that choose one of them.

    ``parse`` returns the position that a cursor names. It raises ``ValueError`` for a position that no item can have,
    so that no store is asked for it. The first page is after the position ``first``.
    """

    def __init__(self, parse: Callable[[bytes], _Position], *, first: _Position) -> None:
        self._parse = parse
        self._first = first
        schema = {"type": "string", "pattern": "^[A-Za-z0-9_-]*$"}
        self._after = Query("after", "`next` of the previous page.", schema, self._position, first)
        self.query: Final = (_LIMIT, self._after)

    def requested(self, request: web.Request) -> Page[_Position]:
        """Return the requested page; raises ``InvalidRequest`` with an error for each wrong parameter."""
        limit, after = read_query(request, *self.query)
        return Page(after, limit)

    def _position(self, text: str) -> _Position:
        if not text:
            return self._first
        try:
            return self._parse(base64url.decode(text))
        except ValueError as error:
            raise ValueError(_WRONG_CURSOR) from error


def pages_by_name(*, max_length: int) -> Pages[str]:
    """Return the pages of a list that is sorted by names of at most ``max_length`` characters."""

    def parse(raw: bytes) -> str:
        name = raw.decode()
        if "\0" in name or len(name) > max_length:  # no store can hold such a name, and PostgreSQL takes no zero byte
            raise ValueError(_WRONG_CURSOR)
        return name

    return Pages(parse, first="")


def cursor(name: str) -> str:
    """Return the value of ``after`` for the page that starts after the item of this name."""
    return base64url.encode(name.encode())
