"""What everybody may read: what verifiers fetch, the service's health, and its own description."""

from http import HTTPStatus
from typing import Final

from aiohttp import web

from ..api import docs, health, revoked_sessions, server_metadata, well_known
from ..openapi.document import openapi
from ..operation import Operation, ResponseSpec, document

DOCUMENT_ROUTES: Final = (
    Operation(
        "GET",
        server_metadata.JWKS_PATH,
        well_known.jwks,
        gives=document(well_known.JwkSet, well_known.JWK_SET_JSON),
    ),
    Operation(
        "GET",
        "/.well-known/revoked-sessions",
        revoked_sessions.revoked_sessions,
        query=(revoked_sessions.SINCE,),
        gives=document(bytes, "application/jwt"),
    ),
    Operation("GET", "/livez", health.livez, gives=ResponseSpec(health.Health)),
    Operation(
        "GET",
        "/readyz",
        health.readyz,
        gives=(ResponseSpec(health.Health), ResponseSpec(health.Health, status=HTTPStatus.SERVICE_UNAVAILABLE)),
    ),
    Operation("GET", "/openapi.json", openapi, gives=document(dict)),
)

PAGE: Final = (
    Operation("GET", "/docs", docs.page, gives=document(str, "text/html")),
    Operation("GET", "/docs/{asset}", docs.page_asset, gives=document(bytes, "*/*"), fails=(web.HTTPNotFound,)),
)
"""The page that shows the document, where it is wanted."""
