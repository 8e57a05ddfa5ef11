"""Rows of which some cannot be read."""

from collections.abc import Awaitable, Callable, Sequence
from typing import Any, TypeVar

_T = TypeVar("_T")
_Place = TypeVar("_Place")


async def readable_page(
    fetch: Callable[[_Place, int], Awaitable[Sequence[Any]]],
    read: Callable[[Any], _T | None],
    *,
    after: _Place,
    limit: int,
    place_of: Callable[[Any], _Place],
) -> list[_T]:
    """Return ``limit`` values, or fewer if no more follow: a caller takes a short page for the last one. In place of
    rows that cannot be read, the next ones are read. ``fetch`` returns the rows after a place, at most so many.
    """
    found: list[_T] = []
    while (missing := limit - len(found)) > 0:
        rows = await fetch(after, missing)
        found += [value for row in rows if (value := read(row)) is not None]
        if len(rows) < missing:
            break
        after = place_of(rows[-1])
    return found
