"""The metadata of the authorization server (RFC 8414)."""

from urllib.parse import urlsplit

import pytest

from .conftest import Start
from .service import Service

PATH = "/.well-known/oauth-authorization-server"


async def test_it_lists_what_works(service: Service) -> None:
    """Every endpoint is there, no more grants and methods than there are, and the issuer is that of the tokens (§2)."""
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


async def test_it_may_be_kept(service: Service) -> None:
    """As the JWK Set: by anyone, for a while, and asked for again by its tag."""
    answer = await service.ask("GET", PATH)
    assert answer.headers["Content-Type"] == "application/json"
    assert answer.headers["Cache-Control"] == "public, max-age=600"
    again = await service.ask("GET", PATH, headers={"If-None-Match": answer.headers["ETag"]})
    assert (again.status, again.body) == (304, b"")


@pytest.mark.parametrize(("path", "status"), [("/tenants/one", 200), ("", 200), ("/tenants/two", 404), ("/", 404)])
async def test_an_issuer_with_a_path_has_a_place_of_its_own(start: Start, path: str, status: int) -> None:
    """The well-known part goes before the path (§3.1); endpoints go after it."""
    service = await start(issuer="https://id.example/tenants/one")
    answer = await service.ask("GET", PATH + path)
    assert answer.status == status
    if status == 200:
        assert answer.json()["token_endpoint"] == "https://id.example/tenants/one/oauth/token"  # noqa: S105  # a URL


async def test_an_issuer_without_a_path_has_one_place(service: Service) -> None:
    """Nothing is served below it."""
    assert (await service.ask("GET", PATH + "/tenants/one")).problem == (404, "not-found")
