"""The metadata of a guarded aiohttp service (RFC 9728): its route, and the refusals that name it."""

from typing import Protocol

from aiohttp import hdrs, web

from ...domain.errors import KeyturnError
from .aiohttp_marks import public
from .protected_resource import METADATA_CACHE, METADATA_TYPE, ProtectedResource


class ErrorRenderer(Protocol):
    """Makes the response to a request that the guard refuses."""

    def __call__(self, error: KeyturnError) -> web.StreamResponse:
        """Return the response. A 401 must have ``WWW-Authenticate`` (RFC 9110 §15.5.2)."""
        ...


def challenge_with(resource: ProtectedResource, render: ErrorRenderer) -> ErrorRenderer:
    """Return a renderer that lets the challenges of another one name the metadata of the resource (§5.1)."""

    def rendered(error: KeyturnError) -> web.StreamResponse:
        response = render(error)
        challenge = response.headers.get(hdrs.WWW_AUTHENTICATE)
        if challenge is not None:
            response.headers[hdrs.WWW_AUTHENTICATE] = resource.challenge(challenge)
        return response

    return rendered


def add_metadata(app: web.Application, resource: ProtectedResource) -> None:
    """Serve the metadata in an application, which is at the root of its host."""
    body = resource.document()

    @public
    async def resource_metadata(_: web.Request) -> web.Response:
        headers = {hdrs.CONTENT_TYPE: METADATA_TYPE, hdrs.CACHE_CONTROL: METADATA_CACHE}
        return web.Response(body=body, headers=headers)

    app.router.add_get(resource.path, resource_metadata)
