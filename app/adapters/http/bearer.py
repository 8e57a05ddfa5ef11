"""Where a request carries its access token."""

from typing import Protocol

from aiohttp import hdrs, web

from ...domain.errors import InvalidRequest, MalformedToken, MissingToken


class TokenSource(Protocol):
    """Finds the access token of a request."""

    def token(self, request: web.Request) -> str:
        """Return the token; raises ``MissingToken`` if there is none, or another error of the domain."""
        ...


class BearerHeader:
    """The ``Authorization`` header (RFC 6750 §2.1)."""

    def token(self, request: web.Request) -> str:
        given = request.headers.getall(hdrs.AUTHORIZATION, ())
        if len(given) > 1:
            raise InvalidRequest("The request has more than one Authorization header.")
        scheme, _, token = (given[0] if given else "").partition(" ")
        if scheme.lower() != "bearer":
            raise MissingToken
        if not token:
            raise MalformedToken
        return token


class Cookie:
    """A cookie. Use it with ``SameSite`` and a defence against request forgery of your own."""

    def __init__(self, name: str) -> None:
        self._name = name

    def token(self, request: web.Request) -> str:
        token = request.cookies.get(self._name)
        if token is None:
            raise MissingToken
        return token
