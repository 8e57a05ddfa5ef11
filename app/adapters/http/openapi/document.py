"""The document of ``/openapi.json``: all operations and their shared components. It is built once, at the start."""

import json
from collections.abc import Sequence
from http import HTTPStatus
from typing import Any, Final

from aiohttp import web

from ...errors.oauth import OAUTH
from ...errors.problem import PROBLEM
from ..operation import Operation
from ..responses import etag_of
from .operations import BEARER, CLIENT, TAGS, describe_operation
from .responses import HEADERS, Response, error_responses
from .schemas import Schemas

_SIGN_IN: Final = "To sign in, run `POST /auth/login` below: the page then sends its access token."

_ABOUT: Final = f"""\
{_SIGN_IN}

Keyturn signs users in, issues access tokens that any service can verify, and rotates refresh tokens.

Every error is `application/problem+json` (RFC 9457). The code is the end of its `type`. Any path can also answer with
404 `not-found` if the path does not exist, 405 `method-not-allowed` for another method, 417 `expectation-failed`, and
400 `invalid-request` if the request is not HTTP.

Below `/oauth/` errors have the body of RFC 6749 §5.2, also for unknown paths and other methods. A request that is not
HTTP has no known path, so its error is always `application/problem+json`. OAuth clients authenticate by HTTP Basic, by
`client_secret` in the form, or by `client_assertion`. Public clients send `client_id` alone."""

_ERRORS_OF_ANY_PATH: Final = (HTTPStatus.NOT_FOUND, HTTPStatus.METHOD_NOT_ALLOWED, HTTPStatus.EXPECTATION_FAILED)

_SECURITY_SCHEMES: Final = {
    BEARER: {
        "type": "http",
        "scheme": "bearer",
        "bearerFormat": "JWT",
        "description": f"{_SIGN_IN} An access token of this service (RFC 6750).",
    },
    CLIENT: {
        "type": "http",
        "scheme": "basic",
        "description": "A client's id and secret, not a user's: those of an OAuth client, each form-encoded (RFC 6749"
        f" §2.3.1). {_SIGN_IN} Instead of the header, the form may have `client_id` and `client_secret`, or"
        " `client_assertion` with `client_assertion_type` (`private_key_jwt`), or `client_id` alone for a public"
        " client.",
    },
}


class OpenApiDocument:
    """The document as a dictionary, and as bytes with an ETag."""

    def __init__(self, operations: Sequence[Operation], *, issuer: str, version: str) -> None:
        self.content: dict[str, Any] = _describe(operations, issuer=issuer, version=version)
        self.body: Final = json.dumps(self.content, ensure_ascii=False, separators=(",", ":")).encode()
        self.etag: Final = etag_of(self.body)


OPENAPI: Final = web.AppKey("keyturn_openapi", OpenApiDocument)


def _describe(operations: Sequence[Operation], *, issuer: str, version: str) -> dict[str, Any]:
    schemas = Schemas()
    paths: dict[str, dict[str, Any]] = {}
    for each in operations:
        paths.setdefault(each.template, {})[each.method.lower()] = describe_operation(each, schemas)
    responses = _shared_responses(schemas)
    return {
        "openapi": "3.1.1",
        "info": {"title": "Keyturn", "version": version, "description": _ABOUT, "license": {"name": "Apache-2.0"}},
        "servers": [{"url": issuer.rstrip("/")}],  # paths begin with a slash
        "tags": [{"name": name, "description": text} for name, text in TAGS.items()],
        "paths": paths,
        "components": {
            "schemas": dict(sorted(schemas.components.items())),
            "responses": responses,
            "headers": {
                str(name): {"description": text, "required": True, "schema": {"type": "string"}}
                for name, text in HEADERS.items()
            },
            "securitySchemes": _SECURITY_SCHEMES,
        },
    }


def _shared_responses(schemas: Schemas) -> dict[str, Response]:
    """Return the errors of any path, by the codes of RFC 9457. Those of ``/oauth/`` have a prefix."""
    responses = {}
    for prefix, error_format in (("", PROBLEM), ("oauth-", OAUTH)):
        for each in _ERRORS_OF_ANY_PATH:
            [response] = error_responses([each], error_format, schemas).values()
            responses[prefix + PROBLEM.text(each).code] = response
    return responses
