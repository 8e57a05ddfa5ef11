"""The places of the access token in a request. This file imports no web framework."""

from collections.abc import Callable, Mapping, Sequence
from typing import Final, Protocol, TypeVar

from ...domain.errors import InvalidRequest
from ...domain.tokens.errors import MalformedToken, MissingToken

AUTHORIZATION: Final = "Authorization"
TWO_AUTHORIZATION_HEADERS: Final = "The request has more than one Authorization header."


_Request = TypeVar("_Request")


class Headers(Protocol):
    """The headers of a request. Names are compared without regard to case."""

    def getall(self, name: str, default: tuple[()], /) -> Sequence[str]:
        """Return the values of all headers with this name, or ``default`` if there is none."""
        ...


class HttpRequest(Protocol):
    """The parts of a request that the token sources read. ``aiohttp.web.Request`` satisfies this protocol."""

    @property
    def headers(self) -> Headers:
        """The headers."""
        ...

    @property
    def cookies(self) -> Mapping[str, str]:
        """The cookies by name."""
        ...


class BearerHeader:
    """The ``Authorization`` header (RFC 6750 §2.1).

    ``name`` is its name, in a form that the framework finds fastest.
    """

    def __init__(self, name: str = AUTHORIZATION) -> None:
        self._name = name

    def token(self, request: HttpRequest) -> str:
        """Return the token.

        Raises ``MissingToken`` without a bearer token, ``MalformedToken`` for an empty one, and ``InvalidRequest`` for
        two headers: two readers could choose different ones.
        """
        values = request.headers.getall(self._name, ())
        if len(values) > 1:
            raise InvalidRequest(TWO_AUTHORIZATION_HEADERS)
        scheme, _, token = (values[0] if values else "").partition(" ")
        if scheme.lower() != "bearer":
            raise MissingToken
        if not token:
            raise MalformedToken
        return token.lstrip(" ")


class Cookie:
    """A cookie. Use it with ``SameSite`` and your own protection against cross-site request forgery."""

    def __init__(self, name: str) -> None:
        self._name = name

    def token(self, request: HttpRequest) -> str:
        """Return the token. Raises ``MissingToken`` without the cookie."""
        token = request.cookies.get(self._name)
        if token is None:
            raise MissingToken
        return token


def checked(token: Callable[[_Request], str | None]) -> Callable[[_Request], str]:
    """Return the act that finds a token: it raises ``MissingToken`` where ``token`` returns ``None``, and ``TypeError``
    where it returns something else than text.

    The sources of this file need no check.
    """
    if type(getattr(token, "__self__", None)) in (BearerHeader, Cookie):
        return token  # type: ignore[return-value]  # they return text

    def find(request: _Request) -> str:
        found = token(request)
        if found is None:
            raise MissingToken
        if not isinstance(found, str):
            raise TypeError(f"the source of the token must return a str or None, not {type(found).__name__}")
        return found

    return find
