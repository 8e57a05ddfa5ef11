"""The document: every operation, and what they share."""

from collections.abc import Sequence
from typing import Any, Final

from aiohttp import web

from ...errors.problem import PROBLEM
from ..operation import Operation, error_kind
from .headers import HEADERS
from .oauth_responses import oauth_errors_of
from .operations import BEARER, CLIENT, TAGS, described
from .responses import problems_of
from .schemas import Schemas

_ABOUT: Final = """\
Keyturn signs users in, gives them access tokens that any service can verify, and rotates refresh tokens.

Every failure is `application/problem+json` (RFC 9457); the code is the end of its `type`. Beside those of the
operations there are the answers of any path: 404 `not-found` for one that there is not, 405 `method-not-allowed`
for another method, 417 `expectation-failed`, and 400 `invalid-request` for what is not HTTP.

Below `/oauth/` failures have the body of RFC 6749 §5.2, of unknown paths and other methods, too; only what is not HTTP,
whose path is not known, stays a problem. There OAuth clients authenticate: by HTTP Basic, by `client_secret` in the
form, or by `client_assertion`, and public ones by `client_id` alone."""

_OUTSIDE_OF_OPERATIONS: Final = (web.HTTPNotFound, web.HTTPMethodNotAllowed, web.HTTPExpectationFailed)


def describe(operations: Sequence[Operation], *, issuer: str, version: str) -> dict[str, Any]:
    """Return the OpenAPI 3.1 document of these operations, served at ``issuer``."""
    schemas = Schemas()
    paths: dict[str, dict[str, Any]] = {}
    for each in operations:
        paths.setdefault(each.template, {})[each.method.lower()] = described(each, schemas)
    outside = {
        PROBLEM.text(error_kind(kind)).code: problems_of([kind], schemas)[0][1] for kind in _OUTSIDE_OF_OPERATIONS
    }
    outside |= {
        f"oauth-{PROBLEM.text(error_kind(kind)).code}": oauth_errors_of([kind], schemas)[0][1]
        for kind in _OUTSIDE_OF_OPERATIONS
    }
    return {
        "openapi": "3.1.1",
        "info": {"title": "Keyturn", "version": version, "description": _ABOUT, "license": {"name": "Apache-2.0"}},
        "servers": [{"url": issuer}],
        "tags": [{"name": name, "description": text} for name, text in TAGS.items()],
        "paths": paths,
        "components": {
            "schemas": dict(sorted(schemas.components.items())),
            "responses": outside,
            "headers": {
                str(name): {"description": text, "required": True, "schema": {"type": "string"}}
                for name, text in HEADERS.items()
            },
            "securitySchemes": {
                BEARER: {
                    "type": "http",
                    "scheme": "bearer",
                    "bearerFormat": "JWT",
                    "description": "An access token of this service (RFC 6750).",
                },
                CLIENT: {
                    "type": "http",
                    "scheme": "basic",
                    "description": "An OAuth client's id and secret, each form-encoded (RFC 6749 §2.3.1). Instead the"
                    " form may have `client_id` and `client_secret`, or `client_assertion` with"
                    " `client_assertion_type` (`private_key_jwt`), or `client_id` alone for a public client.",
                },
            },
        },
    }
