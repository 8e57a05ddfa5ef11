"""The operations, as OpenAPI operation objects: who may call them, with what, and what comes back."""

import re
from collections.abc import Mapping
from typing import Any, Final

from aiohttp import hdrs

from ..operation import Operation
from .responses import responses_of
from .schemas import Schemas, example, markdown

BEARER: Final = "bearer"
"""The name of the security scheme of access tokens."""

CLIENT: Final = "client_secret_basic"
"""The name of the security scheme of OAuth clients; what else they can show is in their forms."""

TAGS: Final[Mapping[str, str]] = {
    "auth": "Signing in, and the caller's own account.",
    "oauth": "What OAuth clients call: tokens, and what they are worth (RFC 6749, RFC 7662, RFC 7009).",
    "admin": "Administering users and OAuth clients, and what became of sessions.",
    ".well-known": "What verifiers fetch.",
    "service": "The service itself.",
}
"""What operations are about, by the first part of their path; the last is for all others."""

_PATH_PARAMETERS: Final[Mapping[str, str]] = {
    "sid": "The id of a session.",
    "sub": "The id of a user.",
    "client_id": "The id of an OAuth client.",
    "issuer_path": "The path of the issuer's URL, without slashes around it.",
    "asset": "A file of the page.",
}


def described(operation: Operation, schemas: Schemas) -> dict[str, Any]:
    """Return the operation, and add its models to ``schemas``."""
    summary, _, rest = markdown(operation.handler).partition(". ")
    written: dict[str, Any] = {
        "tags": [_tag(operation)],
        "operationId": operation.handler.__name__,
        "summary": summary.rstrip("."),
        "responses": responses_of(operation, schemas),
    }
    if rest:
        written["description"] = rest
    if parameters := _parameters(operation):
        written["parameters"] = parameters
    if operation.request:
        body = {"schema": schemas.of(operation.request.model), "example": example(operation.request.model)}
        written["requestBody"] = {
            "required": operation.request.required,
            "content": {operation.request.media_type: body},
        }
    if not operation.is_public:
        written["security"] = [{BEARER: list(operation.scopes)}]
    if operation.token_optional:
        written["security"] = [{}, {BEARER: []}]
    if operation.by_client:
        written["security"] = [{}, {CLIENT: []}]
    return written


def _parameters(operation: Operation) -> list[dict[str, Any]]:
    parameters = [
        {
            "name": name,
            "in": "path",
            "required": True,
            "description": _PATH_PARAMETERS[name],
            "schema": {"type": "string"},
        }
        for name in re.findall(r"\{(\w+)\}", operation.template)
    ]
    parameters.extend(
        {"name": each.name, "in": "query", "description": each.description, "schema": dict(each.schema)}
        for each in operation.query
    )
    if any(hdrs.ETAG in each.headers for each in operation.response_specs):
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
    return first if first in TAGS else "service"
