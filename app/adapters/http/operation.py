"""The entries of the route table. An entry is enough to serve a route, and to describe it in the OpenAPI document."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any, Final

from aiohttp import hdrs, web
from aiohttp.typedefs import Handler

from ...domain.errors import InvalidClient, InvalidRequest, KeyturnError, Unavailable
from ...domain.tokens.errors import InsufficientScope, InvalidToken, MissingToken
from ..errors.aiohttp import error_format
from ..errors.format import ErrorFormat, ErrorKind
from ..guards.aiohttp_marks import marked_public, required_scopes
from .requests.body import JSON
from .requests.query import Query
from .server.readiness import HEALTH_PATHS

_BODY_ERRORS: Final = (
    HTTPStatus.REQUEST_TIMEOUT,
    HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
    HTTPStatus.UNSUPPORTED_MEDIA_TYPE,
)


@dataclass(frozen=True, slots=True)
class RequestSpec:
    """A request body. Its model is a dataclass made of ``requests.fields``.

    It may be sent in each of ``other_media_types`` too.
    """

    model: type
    media_type: str = JSON
    required: bool = True
    other_media_types: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ResponseSpec:
    """A response to a successful request: its status, the model of its body, and the headers that it always has.

    The model is a ``TypedDict``, or ``dict``, ``str`` or ``bytes`` for a body that is not described further.
    """

    model: Any = None
    media_type: str = JSON
    status: HTTPStatus = HTTPStatus.OK
    headers: tuple[str, ...] = (hdrs.CACHE_CONTROL,)


NO_CONTENT: Final = ResponseSpec(status=HTTPStatus.NO_CONTENT)
NOT_MODIFIED: Final = ResponseSpec(status=HTTPStatus.NOT_MODIFIED, headers=(hdrs.CACHE_CONTROL, hdrs.ETAG))


def with_etag(model: Any, media_type: str = JSON) -> tuple[ResponseSpec, ResponseSpec]:
    """Return the responses of a document that has an ETag: the document, or 304 (RFC 9110 §15.4.5)."""
    return ResponseSpec(model, media_type, headers=NOT_MODIFIED.headers), NOT_MODIFIED


@dataclass(frozen=True, slots=True)
class Operation(web.AbstractRouteDef):
    """One route: its request, its responses and its errors.

    ``errors`` leaves out the errors that follow from the marks of the handler and from the body; ``all_errors`` adds
    them. The handler's docstring is the summary. ``token_optional`` marks a public route that reads an access token if
    there is one. ``by_client`` marks a route at which an OAuth client authenticates.
    """

    method: str
    path: str
    handler: Handler
    responses: ResponseSpec | tuple[ResponseSpec, ...]
    request: RequestSpec | None = None
    query: tuple[Query[Any], ...] = ()
    errors: tuple[ErrorKind, ...] = ()
    token_optional: bool = False
    by_client: bool = False

    def register(self, router: web.UrlDispatcher) -> list[web.AbstractRoute]:
        """Add the route to the router. A GET route also answers HEAD."""
        return web.RouteDef(self.method, self.path, self.handler, {}).register(router)

    @property
    def template(self) -> str:
        """The path with only the names of its parameters (RFC 6570)."""
        return re.sub(r"\{(\w+):[^}]*\}", r"{\1}", self.path)

    @property
    def error_format(self) -> ErrorFormat:
        """The format of the errors at this path."""
        return error_format(self.path)

    @property
    def is_public(self) -> bool:
        """Whether the route needs no access token."""
        return marked_public(self.handler)

    @property
    def scopes(self) -> tuple[str, ...]:
        """The scopes that the access token must have."""
        return required_scopes(self.handler)

    @property
    def response_specs(self) -> tuple[ResponseSpec, ...]:
        """The responses to a successful request, as a tuple."""
        return self.responses if isinstance(self.responses, tuple) else (self.responses,)

    def all_errors(self) -> Iterator[ErrorKind]:
        """Yield every error that the route can have."""
        yield InvalidRequest  # every route refuses two Authorization headers
        if self.request:
            yield from _BODY_ERRORS
        if not self.is_public:
            yield from (MissingToken, InvalidToken)
        if self.by_client:
            yield InvalidClient
        if self.scopes:
            yield InsufficientScope
        if self.path not in HEALTH_PATHS:
            yield Unavailable  # the start is not complete, or the clock is in doubt
        yield from self.errors
        yield KeyturnError
