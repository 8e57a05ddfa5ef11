"""Requests of web pages of other origins (the CORS protocol of the Fetch standard)."""

import pytest

from app.testing.builders import PASSWORD

from .conftest import Start
from .service import Answer, Service

APP = "https://app.example"
OTHER = "http://localhost:3000"


@pytest.fixture
async def shared(start: Start) -> Service:
    """Return a service that two origins may use."""
    return await start(cors_origins=(APP, OTHER))


def allowed(answer: Answer) -> set[str]:
    """Return which headers of the protocol an answer has."""
    return {name for name in answer.headers if name.startswith("Access-Control-")}


async def preflight(
    service: Service, path: str, origin: str, *, method: str = "POST", headers: str = "authorization,content-type"
) -> Answer:
    """Ask first, as a browser does."""
    asked = {"Origin": origin, "Access-Control-Request-Method": method, "Access-Control-Request-Headers": headers}
    return await service.ask("OPTIONS", path, headers=asked)


@pytest.mark.parametrize("origin", [APP, OTHER])
@pytest.mark.parametrize(
    ("path", "methods"),
    [("/auth/login", "POST"), ("/auth/sessions", "DELETE, GET, HEAD"), ("/auth/sessions/x", "DELETE")],
)
async def test_a_page_may_ask_first(shared: Service, origin: str, path: str, methods: str) -> None:
    """The preflight of an origin on the list names the path's methods and the headers that requests need."""
    answer = await preflight(shared, path, origin)
    assert (answer.status, answer.body) == (204, b"")
    assert answer.headers["Access-Control-Allow-Origin"] == origin
    assert answer.headers["Access-Control-Allow-Methods"] == methods
    assert answer.headers["Access-Control-Allow-Headers"] == "Authorization, Content-Type, If-None-Match"
    assert answer.headers["Access-Control-Max-Age"] == "600"
    assert "Origin" in ", ".join(answer.headers.getall("Vary"))
    assert "X-Request-Id" in answer.headers


async def test_a_page_reads_answers_of_every_kind(shared: Service) -> None:
    """What succeeds and what fails, with the headers that it needs to see; cookies are never asked for."""
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
async def test_another_origin_gets_nothing_of_it(shared: Service, origin: str) -> None:
    """Origins are compared whole; a cache learns that the answer depends on them."""
    asked = await preflight(shared, "/auth/login", origin)
    assert asked.problem == (405, "method-not-allowed")
    answer = await shared.ask("GET", "/livez", headers={"Origin": origin})
    assert answer.status == 200
    for each in (asked, answer):
        assert allowed(each) == set()
        assert each.headers["Vary"] == "Origin"


async def test_without_an_origin_nothing_is_allowed(shared: Service) -> None:
    """A client that is no browser sees the same as ever, and a cache learns that browsers may not."""
    answer = await shared.ask("GET", "/livez")
    assert allowed(answer) == set()
    assert answer.headers["Vary"] == "Origin"


async def test_a_bare_options_is_no_preflight(shared: Service) -> None:
    """Without the method that is asked for it is a method that there is not."""
    answer = await shared.ask("OPTIONS", "/auth/login", headers={"Origin": APP})
    assert answer.problem == (405, "method-not-allowed")


async def test_a_preflight_for_nothing_is_not_found(shared: Service) -> None:
    """An unknown path stays unknown."""
    assert (await preflight(shared, "/nothing", APP)).problem == (404, "not-found")


async def test_nobody_is_let_in_by_default(service: Service) -> None:
    """Without the setting there is no header of the protocol, and no preflight succeeds."""
    assert (await preflight(service, "/auth/login", APP)).problem == (405, "method-not-allowed")
    answer = await service.ask("GET", "/livez", headers={"Origin": APP})
    assert allowed(answer) == set()
    assert "Vary" not in answer.headers


async def test_the_jwk_set_stays_open_to_all(shared: Service, service: Service) -> None:
    """Verifiers in any page may read the keys, whatever the list says."""
    for each in (shared, service):
        for origin in (APP, "https://evil.example"):
            answer = await each.ask("GET", "/.well-known/jwks.json", headers={"Origin": origin})
            assert answer.headers.getall("Access-Control-Allow-Origin") == ["*"]
