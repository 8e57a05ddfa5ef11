"""The metadata of a guarded ASGI service (RFC 9728): the guard serves them, and its refusals name them."""

from collections.abc import Callable
from dataclasses import replace
from typing import Final

from ...domain.errors import KeyturnError
from ..errors.format import ErrorResponse
from .asgi_types import Scope, Send
from .protected_resource import METADATA_CACHE, METADATA_TYPE, ProtectedResource

_CHALLENGE: Final = "WWW-Authenticate"

Render = Callable[[KeyturnError], ErrorResponse]


def challenge_with(resource: ProtectedResource, render: Render) -> Render:
    """Return a renderer that lets the challenges of another one name the metadata of the resource (§5.1)."""

    def rendered(error: KeyturnError) -> ErrorResponse:
        response = render(error)
        challenge = response.headers.get(_CHALLENGE)
        if challenge is None:
            return response
        return replace(response, headers={**response.headers, _CHALLENGE: resource.challenge(challenge)})

    return rendered


def is_metadata_request(resource: ProtectedResource, scope: Scope) -> bool:
    """Return whether somebody asks for the metadata, at their path below the root of the host."""
    return scope["type"] == "http" and scope["path"] == resource.path and scope["method"] in ("GET", "HEAD")


async def send_metadata(resource: ProtectedResource, scope: Scope, send: Send) -> None:
    """Send the metadata, without their body to ``HEAD``."""
    body = resource.document()
    headers = [
        (b"content-type", METADATA_TYPE.encode()),
        (b"cache-control", METADATA_CACHE.encode()),
        (b"content-length", str(len(body)).encode()),
    ]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": b"" if scope["method"] == "HEAD" else body})
