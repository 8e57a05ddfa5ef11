"""Which URLs this package has stores for."""

from collections.abc import Callable, Mapping
from typing import Final

from .parts import WrongUrl, split_scheme
from .postgres import PostgresUrl
from .redis import RedisUrl
from .sqlite import SqliteUrl


def _memory(url: str) -> None:
    if split_scheme(url)[1]:
        raise WrongUrl("the URL of the memory store must be memory:// and nothing else")


PARSERS: Final[Mapping[str, Callable[[str], object]]] = {
    "memory": _memory,
    "postgres": PostgresUrl.parse,
    "postgresql": PostgresUrl.parse,
    **{f"{each}{kind}": RedisUrl.parse for each in ("redis", "rediss") for kind in ("", "+cluster", "+sentinel")},
    "sqlite": SqliteUrl.parse,
}
"""What parses the URLs of a scheme. Other packages may have stores for other schemes."""


def check_url(url: str) -> str:
    """Return ``url`` with its scheme in lower case; raises ``WrongUrl``. URLs of unknown schemes are not parsed."""
    scheme, rest = split_scheme(url)
    checked = f"{scheme}://{rest}"
    if scheme in PARSERS:
        PARSERS[scheme](checked)
    return checked
