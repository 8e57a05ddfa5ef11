"""The operations as OpenAPI operation objects: their parameters, request bodies, responses and security."""

import json
import re
from collections.abc import Mapping
from typing import Any, Final

from aiohttp import hdrs

from ..operation import Operation, RequestSpec
from ..requests.body import JSON, PLAIN
from .responses import responses_of
from .schemas import Schemas, example, markdown

BEARER: Final = "bearer"
"""The name of the security scheme of access tokens."""

CLIENT: Final = "client_secret_basic"
"""The name of the security scheme of OAuth clients. Their forms describe the other ways to authenticate."""

TAGS: Final[Mapping[str, str]] = {
    "auth": "Sign-in, and the caller's own account.",
    "oauth": "The endpoints of OAuth clients: tokens, introspection and revocation (RFC 6749, RFC 7662, RFC 7009).",
    "admin": "Administration of users, sessions, OAuth clients and signing keys, and what has happened.",
    ".well-known": "Documents that verifiers fetch.",
    "service": "The service itself.",
}
"""The tags of operations, by the first segment of the path. The last tag is for all other paths."""

_PATH_PARAMETERS: Final[Mapping[str, str]] = {
    "sid": "The id of a session.",
    "sub": "The id of a user.",
    "client_id": "The id of an OAuth client.",
    "issuer_path": "The path of the issuer's URL, without the outer slashes.",
    "asset": "A file of the page.",
}

_IF_NONE_MATCH: Final[Mapping[str, Any]] = {
    "name": str(hdrs.IF_NONE_MATCH),
    "in": "header",
    "description": "The ETag of the document that the client has.",
    "schema": {"type": "string"},
}


def describe_operation(operation: Operation, schemas: Schemas) -> dict[str, Any]:
    """Return the operation object, and add its models to ``schemas``. The handler's docstring becomes the summary and
    the description.
    """
    summary, _, rest = markdown(operation.handler).partition(". ")
    members = {
        "tags": [_tag(operation)],
        "operationId": operation.handler.__name__,
        "summary": summary.rstrip("."),
        "responses": responses_of(operation, schemas),
        "description": rest,
        "parameters": _path_parameters(operation) + _other_parameters(operation),
        "requestBody": _request_body(operation.request, schemas),
        "security": _security(operation),
    }
    return {name: value for name, value in members.items() if value}


def _path_parameters(operation: Operation) -> list[dict[str, Any]]:
    names = re.findall(r"\{(\w+)\}", operation.template)
    return [
        {
            "name": name,
            "in": "path",
            "required": True,
            "description": _PATH_PARAMETERS[name],
            "schema": {"type": "string"},
        }
        for name in names
    ]


def _other_parameters(operation: Operation) -> list[dict[str, Any]]:
    parameters: list[dict[str, Any]] = [
        {"name": each.name, "in": "query", "description": each.description, "schema": dict(each.schema)}
        for each in operation.query
    ]
    if any(hdrs.ETAG in each.headers for each in operation.response_specs):
        parameters.append(dict(_IF_NONE_MATCH))
    return parameters


def _request_body(request: RequestSpec | None, schemas: Schemas) -> dict[str, Any] | None:
    if request is None:
        return None
    body = {"schema": schemas.of(request.model), "example": example(request.model)}
    content = dict.fromkeys((request.media_type, *request.other_media_types), body)
    if PLAIN in content:
        content[PLAIN] = _json_as_text(body)
    return {"required": request.required, "content": content}


def _json_as_text(body: Mapping[str, Any]) -> dict[str, Any]:
    """Return the media type object of a JSON body that is sent as text."""
    schema = {"type": "string", "contentMediaType": JSON, "contentSchema": body["schema"]}
    return {"schema": schema, "example": json.dumps(body["example"])}


def _security(operation: Operation) -> list[dict[str, Any]]:
    """Return the ways to authenticate. An empty object means that a request need not authenticate."""
    if operation.by_client:
        return [{}, {CLIENT: []}]
    if operation.token_optional:
        return [{}, {BEARER: []}]
    return [] if operation.is_public else [{BEARER: list(operation.scopes)}]


def _tag(operation: Operation) -> str:
    first = operation.path.split("/")[1]
    return first if first in TAGS else "service"
