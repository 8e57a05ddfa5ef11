"""The metadata of the authorization server (RFC 8414): ``/.well-known/oauth-authorization-server``."""

import json
from http import HTTPStatus
from typing import Annotated, Final, NotRequired, TypedDict
from urllib.parse import unquote, urlsplit

from aiohttp import web

from ....domain.clients.client import GrantType
from ...guards.aiohttp_marks import public
from ..operation import Operation, with_etag
from ..responses import document_response, etag_of
from ..server.door import TOKEN_PATH
from .introspection import INTROSPECTION_PATH
from .jwks import JWKS_MAX_AGE, JWKS_PATH
from .token_revocation import REVOCATION_PATH

METADATA_PATH: Final = "/.well-known/oauth-authorization-server"

_CONFIDENTIAL: Final = ["client_secret_basic", "client_secret_post", "private_key_jwt"]
_ALL: Final = [*_CONFIDENTIAL, "none"]


class AuthorizationServerMetadata(TypedDict):
    """The endpoints of the authorization server, and what they support (RFC 8414 §2)."""

    issuer: str
    token_endpoint: str
    jwks_uri: str
    response_types_supported: list[str]
    grant_types_supported: list[str]
    introspection_endpoint: str
    revocation_endpoint: str
    token_endpoint_auth_methods_supported: list[str]
    token_endpoint_auth_signing_alg_values_supported: list[str]
    introspection_endpoint_auth_methods_supported: list[str]
    introspection_endpoint_auth_signing_alg_values_supported: list[str]
    revocation_endpoint_auth_methods_supported: list[str]
    revocation_endpoint_auth_signing_alg_values_supported: list[str]
    protected_resources: NotRequired[
        Annotated[list[str], "The audiences of `KEYTURN_AUDIENCE` that are https URLs (RFC 9728 §4)."]
    ]


class ServerMetadata:
    """The document as bytes, with its ETag.

    ``algorithms`` are the signature algorithms that the assertions of clients may use. ``audiences`` are those for
    which sessions give tokens. The document has those that can identify protected resources (RFC 9728 §1.2).
    """

    def __init__(self, issuer: str, *, algorithms: tuple[str, ...], audiences: tuple[str, ...]) -> None:
        base = issuer.rstrip("/")
        self.token_endpoint = base + TOKEN_PATH
        members: AuthorizationServerMetadata = {
            "issuer": issuer,
            "token_endpoint": self.token_endpoint,
            "jwks_uri": base + JWKS_PATH,
            "response_types_supported": [],
            "grant_types_supported": sorted(GrantType),
            "introspection_endpoint": base + INTROSPECTION_PATH,
            "revocation_endpoint": base + REVOCATION_PATH,
            "token_endpoint_auth_methods_supported": _ALL,
            "token_endpoint_auth_signing_alg_values_supported": list(algorithms),
            "introspection_endpoint_auth_methods_supported": _CONFIDENTIAL,
            "introspection_endpoint_auth_signing_alg_values_supported": list(algorithms),
            "revocation_endpoint_auth_methods_supported": _ALL,
            "revocation_endpoint_auth_signing_alg_values_supported": list(algorithms),
        }
        if resources := [each for each in audiences if each.startswith("https://")]:
            members["protected_resources"] = resources
        self.path = unquote(urlsplit(issuer).path).strip("/")
        self.body = json.dumps(members).encode()
        self.etag = etag_of(self.body)


SERVER_METADATA: Final = web.AppKey("keyturn_server_metadata", ServerMetadata)


@public
async def server_metadata(request: web.Request) -> web.Response:
    """Get the metadata of the authorization server (RFC 8414)."""
    return _document(request)


@public
async def server_metadata_below(request: web.Request) -> web.Response:
    """Get the metadata of an issuer whose URL has this path (RFC 8414 §3.1)."""
    if unquote(request.match_info["issuer_path"]) != request.app[SERVER_METADATA].path:
        raise web.HTTPNotFound
    return _document(request)


def _document(request: web.Request) -> web.Response:
    metadata = request.app[SERVER_METADATA]
    return document_response(
        request,
        body=metadata.body,
        etag=metadata.etag,
        content_type="application/json",
        max_age=request.app[JWKS_MAX_AGE],
    )


ROUTES: Final = (
    Operation("GET", METADATA_PATH, server_metadata, responses=with_etag(AuthorizationServerMetadata)),
    Operation(
        "GET",
        METADATA_PATH + "/{issuer_path:.+}",
        server_metadata_below,
        responses=with_etag(AuthorizationServerMetadata),
        errors=(HTTPStatus.NOT_FOUND,),
    ),
)
