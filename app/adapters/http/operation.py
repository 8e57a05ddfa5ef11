"""What the route table says of a route: enough to serve it and to describe it."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any, Final

from aiohttp import hdrs, web
from aiohttp.typedefs import Handler

from ...domain.errors import InvalidClient, InvalidRequest, KeyturnError
from ...domain.tokens.errors import InsufficientScope, InvalidToken, MissingToken
from ..errors.oauth_error import is_oauth_path
from ..guards.aiohttp import marked_public, required_scopes

JSON: Final = "application/json"

Failure = type[KeyturnError] | type[web.HTTPException]


@dataclass(frozen=True, slots=True)
class RequestSpec:
    """A request body: its model, a dataclass made of ``requests.fields``."""

    model: type
    media_type: str = JSON
    required: bool = True


@dataclass(frozen=True, slots=True)
class Query:
    """A parameter of the query string, which may be missing: its name, what it is, and its JSON schema."""

    name: str
    about: str
    schema: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class ResponseSpec:
    """An answer when all is well: its status, its body's model and the headers that it always has.

    A model is a ``TypedDict``, or ``dict``, ``str`` or ``bytes`` where no more is said of the body.
    """

    model: Any = None
    media_type: str = JSON
    status: HTTPStatus = HTTPStatus.OK
    headers: tuple[str, ...] = (hdrs.CACHE_CONTROL,)


NO_CONTENT: Final = ResponseSpec(status=HTTPStatus.NO_CONTENT)
NOT_MODIFIED: Final = ResponseSpec(status=HTTPStatus.NOT_MODIFIED, headers=(hdrs.CACHE_CONTROL, hdrs.ETAG))


def document(model: Any, media_type: str = JSON) -> tuple[ResponseSpec, ResponseSpec]:
    """Return the answers of a document that is sent with an ETag, or not again."""
    return ResponseSpec(model, media_type, headers=NOT_MODIFIED.headers), NOT_MODIFIED


@dataclass(frozen=True, slots=True)
class Operation(web.AbstractRouteDef):
    """One route: what it takes, gives, and can fail with of its own.

    What follows from its marks and its body is not repeated: ``failures`` adds it. The handler's docstring is its
    summary. ``token_optional`` is for a public route that looks at an access token, ``by_client`` for one at which an
    OAuth client authenticates.
    """

    method: str
    path: str
    handler: Handler
    gives: ResponseSpec | tuple[ResponseSpec, ...]
    takes: RequestSpec | None = None
    query: tuple[Query, ...] = ()
    fails: tuple[Failure, ...] = ()
    token_optional: bool = False
    by_client: bool = False

    def register(self, router: web.UrlDispatcher) -> list[web.AbstractRoute]:
        """Add the route; one of GET answers HEAD, too."""
        return web.RouteDef(self.method, self.path, self.handler, {}).register(router)

    @property
    def template(self) -> str:
        """Return its path with the names of its parameters alone (RFC 6570)."""
        return re.sub(r"\{(\w+):[^}]*\}", r"{\1}", self.path)

    @property
    def fails_as_oauth(self) -> bool:
        """Tell whether its failures have the body of RFC 6749 §5.2; otherwise they are problems (RFC 9457)."""
        return is_oauth_path(self.path)

    @property
    def is_public(self) -> bool:
        """Tell whether it needs no access token."""
        return marked_public(self.handler)

    @property
    def scopes(self) -> tuple[str, ...]:
        """Return the scopes that its access token must have."""
        return required_scopes(self.handler)

    @property
    def answers(self) -> tuple[ResponseSpec, ...]:
        """Return its answers when all is well."""
        return self.gives if isinstance(self.gives, tuple) else (self.gives,)

    def failures(self) -> Iterator[Failure]:
        """Yield all that it can fail with."""
        yield InvalidRequest  # every route refuses two Authorization headers
        if self.takes:
            yield from (web.HTTPRequestTimeout, web.HTTPRequestEntityTooLarge, web.HTTPUnsupportedMediaType)
        if not self.is_public:
            yield from (MissingToken, InvalidToken)
        if self.by_client:
            yield InvalidClient
        if self.scopes:
            yield InsufficientScope
        yield from self.fails
        yield KeyturnError
