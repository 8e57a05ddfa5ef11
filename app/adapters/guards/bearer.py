"""Where a request carries its access token."""

from typing import Protocol

from aiohttp import hdrs, web

from ...domain.errors import InvalidRequest
from ...domain.tokens.errors import MalformedToken, MissingToken


class TokenSource(Protocol):
    """Finds the access token of a request."""

    def token(self, request: web.Request) -> str:
        """Return the token; raises ``MissingToken`` if there is none, or another error of the domain."""
        ...


def check_authorization_headers(request: web.Request) -> None:
    """Raise ``InvalidRequest`` for more than one ``Authorization`` header: readers would differ in which they take."""
    if len(request.headers.getall(hdrs.AUTHORIZATION, ())) > 1:
        raise InvalidRequest("The request has more than one Authorization header.")


class BearerHeader:
    """The ``Authorization`` header (RFC 6750 §2.1)."""

    def token(self, request: web.Request) -> str:
        check_authorization_headers(request)
        scheme, _, token = request.headers.get(hdrs.AUTHORIZATION, "").partition(" ")
        if scheme.lower() != "bearer":
            raise MissingToken
        if not token:
            raise MalformedToken
        return token.lstrip(" ")


class Cookie:
    """A cookie. Use it with ``SameSite`` and a defence against request forgery of your own."""

    def __init__(self, name: str) -> None:
        self._name = name

    def token(self, request: web.Request) -> str:
        token = request.cookies.get(self._name)
        if token is None:
            raise MissingToken
        return token
