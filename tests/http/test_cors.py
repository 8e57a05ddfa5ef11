"""Requests from web pages of other origins (the CORS protocol of the Fetch standard)."""

import pytest

from app.testing.builders import PASSWORD

from .conftest import Start
from .service import Answer, Service

APP = "https://app.example"
OTHER = "http://localhost:3000"


@pytest.fixture
async def shared(start: Start) -> Service:
    """Return a service with two allowed origins."""
    return await start(cors_origins=(APP, OTHER))


def cors_headers(answer: Answer) -> set[str]:
    """Return the names of the CORS headers of an answer."""
    return {name for name in answer.headers if name.startswith("Access-Control-")}


async def preflight(
    service: Service, path: str, origin: str, *, method: str = "POST", headers: str = "authorization,content-type"
) -> Answer:
    """Send a preflight request, as a browser does."""
    asked = {"Origin": origin, "Access-Control-Request-Method": method, "Access-Control-Request-Headers": headers}
    return await service.ask("OPTIONS", path, headers=asked)


@pytest.mark.parametrize("origin", [APP, OTHER])
@pytest.mark.parametrize(
    ("path", "methods"),
    [("/auth/login", "POST"), ("/auth/sessions", "DELETE, GET, HEAD"), ("/auth/sessions/x", "DELETE")],
)
async def test_preflight_of_allowed_origin(shared: Service, origin: str, path: str, methods: str) -> None:
    """The answer names the methods of the path and the headers that requests need."""
    answer = await preflight(shared, path, origin)
    assert (answer.status, answer.body) == (204, b"")
    assert answer.headers["Access-Control-Allow-Origin"] == origin
    assert answer.headers["Access-Control-Allow-Methods"] == methods
    assert answer.headers["Access-Control-Allow-Headers"] == "Authorization, Content-Type, If-None-Match"
    assert answer.headers["Access-Control-Max-Age"] == "600"
    assert "Origin" in ", ".join(answer.headers.getall("Vary"))
    assert "X-Request-Id" in answer.headers


async def test_allowed_page_reads_every_answer(shared: Service) -> None:
    """Successes and errors have the CORS headers, and no answer allows credentials."""
    origin = {"Origin": APP}
    members = {"username": "alice", "password": PASSWORD}
    shared.sessions.down = True
    answers = [
        await shared.ask("POST", "/auth/login", json={**members, "password": "wrong"}, headers=origin),
        await shared.ask("POST", "/auth/login", json=members, headers=origin),
        await shared.ask("GET", "/auth/me", headers=origin),
        await shared.ask("GET", "/nothing", headers=origin),
        await shared.ask("GET", "/livez", headers=origin),
    ]
    assert [answer.status for answer in answers] == [401, 503, 401, 404, 200]
    for answer in answers:
        assert answer.headers["Access-Control-Allow-Origin"] == APP
        assert answer.headers["Access-Control-Expose-Headers"] == "X-Request-Id, Retry-After, WWW-Authenticate"
        assert answer.headers["Vary"] == "Origin"
        assert "Access-Control-Allow-Credentials" not in answer.headers


@pytest.mark.parametrize(
    "origin",
    [
        "https://evil.example",
        "null",
        "*",
        "http://app.example",
        "https://app.example:8443",
        "https://app.example.evil.example",
        "https://sub.app.example",
        "HTTPS://APP.EXAMPLE",
        "https://app.example/",
        f"{APP}, {OTHER}",
        "",
    ],
)
async def test_other_origin_gets_no_cors_headers(shared: Service, origin: str) -> None:
    """Origins are compared as a whole. ``Vary`` tells caches that the answer depends on the origin."""
    asked = await preflight(shared, "/auth/login", origin)
    assert asked.problem == (405, "method-not-allowed")
    answer = await shared.ask("GET", "/livez", headers={"Origin": origin})
    assert answer.status == 200
    for each in (asked, answer):
        assert cors_headers(each) == set()
        assert each.headers["Vary"] == "Origin"


async def test_request_without_origin(shared: Service) -> None:
    """A request without an origin gets no CORS headers, but ``Vary``."""
    answer = await shared.ask("GET", "/livez")
    assert cors_headers(answer) == set()
    assert answer.headers["Vary"] == "Origin"


async def test_options_without_requested_method_is_no_preflight(shared: Service) -> None:
    """OPTIONS without ``Access-Control-Request-Method`` gets 405."""
    answer = await shared.ask("OPTIONS", "/auth/login", headers={"Origin": APP})
    assert answer.problem == (405, "method-not-allowed")


async def test_preflight_of_unknown_path_is_not_found(shared: Service) -> None:
    """A preflight for an unknown path gets 404."""
    assert (await preflight(shared, "/nothing", APP)).problem == (404, "not-found")


async def test_no_origin_is_allowed_by_default(service: Service) -> None:
    """Without the setting, no answer has a CORS header and every preflight gets 405."""
    assert (await preflight(service, "/auth/login", APP)).problem == (405, "method-not-allowed")
    answer = await service.ask("GET", "/livez", headers={"Origin": APP})
    assert cors_headers(answer) == set()
    assert "Vary" not in answer.headers


async def test_jwk_set_is_open_to_every_origin(shared: Service, service: Service) -> None:
    """Pages of any origin may read the JWK Set, whatever the setting says."""
    for each in (shared, service):
        for origin in (APP, "https://evil.example"):
            answer = await each.ask("GET", "/.well-known/jwks.json", headers={"Origin": origin})
            assert answer.headers.getall("Access-Control-Allow-Origin") == ["*"]
