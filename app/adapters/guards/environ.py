"""The parts of a WSGI environment (PEP 3333) that the guards read. ``META`` of Django has the same names."""

import re
from collections.abc import Mapping, Sequence
from http.cookies import CookieError, SimpleCookie
from typing import Any, Final

from .access import Access
from .token_sources import HttpRequest

ACCESS: Final = "keyturn.access"
"""The key of the access in an environment. The names of a client's headers begin with ``HTTP_``."""

_JOINED: Final = re.compile(r",[ \t]*(?:$|[\w!#$%&'*+.^`|~-]+(?:[ \t]|$))")
"""What follows the first of two headers that a server joined with a comma (RFC 9110 §5.3): a scheme, or nothing.

A token has no comma (RFC 6750 §2.1), and the parameters of another scheme have an equals sign.
"""


class EnvironRequest(HttpRequest):
    """The headers and the cookies of an environment."""

    __slots__ = ("_environ",)

    def __init__(self, environ: Mapping[str, Any]) -> None:
        self._environ = environ

    @property
    def headers(self) -> "EnvironRequest":
        """The headers."""
        return self

    def getall(self, name: str, default: tuple[()], /) -> Sequence[str]:
        """Return the values of all headers with this name, or ``default`` if there is none.

        Two headers that may have been joined are returned as two.
        """
        value = self._environ.get("HTTP_" + name.upper().replace("-", "_"))
        if value is None:
            return default
        joined = _JOINED.search(value) if "," in value else None
        return (value,) if joined is None else (value[: joined.start()], value[joined.start() + 1 :])

    @property
    def cookies(self) -> Mapping[str, str]:
        """The cookies by name; none if they are malformed."""
        try:
            return {name: morsel.value for name, morsel in SimpleCookie(self._environ.get("HTTP_COOKIE", "")).items()}
        except CookieError:
            return {}


def raw_path(environ: Mapping[str, Any]) -> bytes | None:
    """Return the path as the client sent it; ``None`` if the server does not say it."""
    target = environ.get("RAW_URI") or environ.get("REQUEST_URI")
    return target.partition("?")[0].encode("utf-8", "surrogateescape") if isinstance(target, str) else None


def access_of(request: Any) -> Access:
    """Return the access of a request: of an environment, or of a framework's object that has one.

    Raises ``RuntimeError`` where no guard protects the path, so that no handler serves strangers by mistake.
    """
    access = find_access(request)
    if access is None:
        raise RuntimeError("a principal is asked for on a path that no guard protects, or that is public")
    return access


def find_access(request: Any) -> Access | None:
    """Return the access of a request as ``access_of`` does; ``None`` if it has none."""
    for name in ("environ", "META", "env"):
        if isinstance(request, dict):
            break
        request = getattr(request, name, request)
    access = request.get(ACCESS) if isinstance(request, dict) else None
    return access if isinstance(access, Access) else None
