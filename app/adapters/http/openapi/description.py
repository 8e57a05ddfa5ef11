"""The document: every operation with all that it takes and answers."""

import re
from collections.abc import Mapping, Sequence
from typing import Any, Final

from aiohttp import hdrs, web

from ..operation import Operation
from ..problem import status_and_code
from .responses import HEADERS, problems_of, responses_of
from .schemas import Schemas, example, markdown

_ABOUT: Final = """\
Keyturn signs users in, gives them access tokens that any service can verify, and rotates refresh tokens.

Every failure is `application/problem+json` (RFC 9457); the code is the end of its `type`. Beside those of the
operations there are the answers of any path: 404 `not-found` for one that there is not, 405 `method-not-allowed`
for another method, 417 `expectation-failed`, and 400 `invalid-request` for what is not HTTP."""

_TAGS: Final[Mapping[str, str]] = {
    "auth": "Signing in, and the caller's own account.",
    ".well-known": "What verifiers fetch.",
    "service": "The service itself.",
}
"""What operations are about, by the first part of their path; the last is for all others."""

_PATH_PARAMETERS: Final[Mapping[str, str]] = {
    "sid": "The id of a session.",
    "asset": "A file of the page.",
}

_OUTSIDE_OF_OPERATIONS: Final = (web.HTTPNotFound, web.HTTPMethodNotAllowed, web.HTTPExpectationFailed)

_BEARER: Final = "bearer"


def describe(operations: Sequence[Operation], *, issuer: str, version: str) -> dict[str, Any]:
    """Return the OpenAPI 3.1 document of these operations, served at ``issuer``."""
    schemas = Schemas()
    paths: dict[str, dict[str, Any]] = {}
    for each in operations:
        paths.setdefault(each.path, {})[each.method.lower()] = _operation(each, schemas)
    outside = {status_and_code(kind)[1]: problems_of([kind], schemas)[0][1] for kind in _OUTSIDE_OF_OPERATIONS}
    return {
        "openapi": "3.1.1",
        "info": {"title": "Keyturn", "version": version, "description": _ABOUT, "license": {"name": "Apache-2.0"}},
        "servers": [{"url": issuer}],
        "tags": [{"name": name, "description": text} for name, text in _TAGS.items()],
        "paths": paths,
        "components": {
            "schemas": dict(sorted(schemas.components.items())),
            "responses": outside,
            "headers": {
                str(name): {"description": text, "required": True, "schema": {"type": "string"}}
                for name, text in HEADERS.items()
            },
            "securitySchemes": {
                _BEARER: {
                    "type": "http",
                    "scheme": "bearer",
                    "bearerFormat": "JWT",
                    "description": "An access token of this service (RFC 6750).",
                }
            },
        },
    }


def _operation(operation: Operation, schemas: Schemas) -> dict[str, Any]:
    summary, _, rest = markdown(operation.handler).partition(". ")
    described: dict[str, Any] = {
        "tags": [_tag(operation)],
        "operationId": operation.handler.__name__,
        "summary": summary.rstrip("."),
        "responses": responses_of(operation, schemas),
    }
    if rest:
        described["description"] = rest
    if parameters := _parameters(operation):
        described["parameters"] = parameters
    if operation.takes:
        body = {"schema": schemas.of(operation.takes.model), "example": example(operation.takes.model)}
        described["requestBody"] = {
            "required": operation.takes.required,
            "content": {operation.takes.media_type: body},
        }
    if not operation.is_public:
        described["security"] = [{_BEARER: list(operation.scopes)}]
    if operation.token_optional:
        described["security"] = [{}, {_BEARER: []}]
    return described


def _parameters(operation: Operation) -> list[dict[str, Any]]:
    parameters = [
        {
            "name": name,
            "in": "path",
            "required": True,
            "description": _PATH_PARAMETERS[name],
            "schema": {"type": "string"},
        }
        for name in re.findall(r"\{(\w+)\}", operation.path)
    ]
    parameters.extend(
        {"name": each.name, "in": "query", "description": each.about, "schema": dict(each.schema)}
        for each in operation.query
    )
    if any(hdrs.ETAG in each.headers for each in operation.answers):
        parameters.append(
            {
                "name": str(hdrs.IF_NONE_MATCH),
                "in": "header",
                "description": "The ETag of the document that the client has.",
                "schema": {"type": "string"},
            }
        )
    return parameters


def _tag(operation: Operation) -> str:
    first = operation.path.split("/")[1]
    return first if first in _TAGS else "service"
