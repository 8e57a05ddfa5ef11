"""Protected resource metadata (RFC 9728): the document that a guard serves, and the refusals that name it."""

import pytest
from aiohttp import web

from app.guard import ConfigurationError, Cookie, requires
from app.testing.builders import ISSUER

from .forgery import Forge
from .guarded_app import Connect, bearer, guard_of, guarded_app, hello

WELL_KNOWN = "/.well-known/oauth-protected-resource"
PATHS = [
    ("https://orders.example", WELL_KNOWN),
    ("https://orders.example/", WELL_KNOWN),
    ("https://api.example/orders/v1", f"{WELL_KNOWN}/orders/v1"),
    ("http://127.0.0.1:8090", WELL_KNOWN),
]


@pytest.mark.parametrize(("resource", "path"), PATHS)
async def test_document_is_public(aiohttp_client: Connect, forge: Forge, resource: str, path: str) -> None:
    """The document is at the well-known path, before the path of the resource (§3.1). A stranger can read it."""
    client = await aiohttp_client(guarded_app(guard_of(forge, resource=resource, scopes_supported=["orders:read"])))
    async with client.get(path) as response:
        assert (response.status, response.content_type) == (200, "application/json")
        assert await response.json() == {
            "resource": resource,
            "authorization_servers": [ISSUER],
            "scopes_supported": ["orders:read"],
            "bearer_methods_supported": ["header"],
        }


async def test_document_leaves_out_what_is_not_so(aiohttp_client: Connect, forge: Forge) -> None:
    """Without scopes, and with the token in a cookie, the document names neither scopes nor methods."""
    guard = guard_of(forge, resource="https://orders.example", tokens=Cookie("session"))
    client = await aiohttp_client(guarded_app(guard))
    async with client.get(WELL_KNOWN) as response:
        assert await response.json() == {"resource": "https://orders.example", "authorization_servers": [ISSUER]}


async def test_refusals_name_the_document(aiohttp_client: Connect, forge: Forge) -> None:
    """Each challenge has ``resource_metadata`` (§5.1): without a token, with an invalid one, and without the scope."""
    guard = guard_of(forge, resource="https://api.example/orders")
    client = await aiohttp_client(guarded_app(guard, [web.get("/", requires("orders:write")(hello))]))
    named = f'resource_metadata="https://api.example{WELL_KNOWN}/orders"'
    for headers, begins in (
        ({}, "Bearer "),
        ({"Authorization": "Bearer x"}, 'Bearer error="invalid_token", '),
        (bearer(forge), 'Bearer error="insufficient_scope", '),
    ):
        async with client.get("/", headers=headers) as response:
            challenge = response.headers["WWW-Authenticate"]
        assert challenge.startswith(begins)
        assert challenge.endswith(named)
        assert challenge.count("resource_metadata") == 1


async def test_without_resource_nothing_is_served(aiohttp_client: Connect, forge: Forge) -> None:
    """A guard without ``resource`` has no such document."""
    client = await aiohttp_client(guarded_app(guard_of(forge)))
    async with client.get(WELL_KNOWN) as response:
        assert response.status == 404


@pytest.mark.parametrize(
    "resource",
    ["orders", "http://orders.example", "https://orders.example/?a=b", "https://orders.example/#a", 'https://a/"', ""],
)
def test_other_resource_is_refused(forge: Forge, resource: str) -> None:
    """What is not an https URL without query and fragment (§1.2) raises ``ConfigurationError``."""
    with pytest.raises(ConfigurationError, match="https URL"):
        guard_of(forge, resource=resource)
