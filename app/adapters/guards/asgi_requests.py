"""The parts of an ASGI request that the sources of tokens read."""

from collections.abc import Mapping, Sequence
from http.cookies import CookieError, SimpleCookie

from .asgi_types import Scope


class AsgiRequest:
    """The headers and the cookies of a scope. ASGI has the names of headers in lower case, and all of one name."""

    __slots__ = ("_pairs",)

    def __init__(self, scope: Scope) -> None:
        self._pairs: Sequence[tuple[bytes, bytes]] = scope["headers"]

    @property
    def headers(self) -> "AsgiRequest":
        """The headers."""
        return self

    def getall(self, name: str, default: tuple[()], /) -> Sequence[str]:
        """Return the values of all headers with this name, or ``default`` if there is none."""
        wanted = name.lower().encode("latin-1")
        return [value.decode("latin-1") for key, value in self._pairs if key == wanted] or default

    @property
    def cookies(self) -> Mapping[str, str]:
        """The cookies by name. A header that cannot be read has none."""
        try:
            parsed = SimpleCookie("; ".join(self.getall("cookie", ())))
        except CookieError:
            return {}
        return {name: morsel.value for name, morsel in parsed.items()}
