"""The metadata of the authorization server (RFC 8414)."""

from urllib.parse import urlsplit

import pytest

from .conftest import Start
from .service import Service

PATH = "/.well-known/oauth-authorization-server"


async def test_metadata_lists_endpoints_and_methods(service: Service) -> None:
    """Every endpoint exists, and grants and methods are those that work (RFC 8414 §2)."""
    members = (await service.ask("GET", PATH)).json()
    methods = ["client_secret_basic", "client_secret_post", "private_key_jwt"]
    algorithms = ["ES256", "PS256", "RS256"]
    assert members == {
        "issuer": "https://id.example",
        "token_endpoint": "https://id.example/oauth/token",
        "jwks_uri": "https://id.example/.well-known/jwks.json",
        "introspection_endpoint": "https://id.example/oauth/introspect",
        "revocation_endpoint": "https://id.example/oauth/revoke",
        "response_types_supported": [],
        "grant_types_supported": ["client_credentials", "refresh_token"],
        "token_endpoint_auth_methods_supported": [*methods, "none"],
        "revocation_endpoint_auth_methods_supported": [*methods, "none"],
        "introspection_endpoint_auth_methods_supported": methods,
        "token_endpoint_auth_signing_alg_values_supported": algorithms,
        "revocation_endpoint_auth_signing_alg_values_supported": algorithms,
        "introspection_endpoint_auth_signing_alg_values_supported": algorithms,
    }
    for name in ("token_endpoint", "introspection_endpoint", "revocation_endpoint"):
        assert (await service.ask("POST", urlsplit(members[name]).path)).status not in (404, 405)


async def test_metadata_can_be_cached(service: Service) -> None:
    """Any cache may keep the document, and its ETag gets 304."""
    answer = await service.ask("GET", PATH)
    assert answer.headers["Content-Type"] == "application/json"
    assert answer.headers["Cache-Control"] == "public, max-age=600"
    again = await service.ask("GET", PATH, headers={"If-None-Match": answer.headers["ETag"]})
    assert (again.status, again.body) == (304, b"")


@pytest.mark.parametrize(("path", "status"), [("/tenants/one", 200), ("", 200), ("/tenants/two", 404), ("/", 404)])
async def test_issuer_with_a_path_has_its_own_url(start: Start, path: str, status: int) -> None:
    """The well-known part comes before the path (RFC 8414 §3.1). Endpoints come after it."""
    service = await start(issuer="https://id.example/tenants/one")
    answer = await service.ask("GET", PATH + path)
    assert answer.status == status
    if status == 200:
        assert answer.json()["token_endpoint"] == "https://id.example/tenants/one/oauth/token"  # noqa: S105  # a URL


async def test_issuer_without_a_path_has_one_url(service: Service) -> None:
    """Other paths get 404."""
    assert (await service.ask("GET", PATH + "/tenants/one")).problem == (404, "not-found")
