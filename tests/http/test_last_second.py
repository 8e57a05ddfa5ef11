"""The last second of a session, and the shortest lifetimes: no response has an ``expires_in`` of 0 (RFC 6749 §5.1)."""

from typing import Any

import pytest

from app.domain.clients.client import AuthenticationMethod, GrantType

from .conftest import Start
from .oauth import CREDENTIALS, INTROSPECT, TOKEN, ask, error, register
from .service import Answer, Service, Tokens
from .test_oauth_token import REFRESH
from .test_refresh_refused import REFUSED
from .test_sessions import end, listed_sids, sid

WEEK = 604_800


def lifetimes(answer: Answer) -> tuple[int, int]:
    """Return both lifetimes of a token response, in seconds."""
    assert answer.status == 200, answer
    return answer.json()["expires_in"], answer.json()["refresh_token_expires_in"]


@pytest.fixture(params=[{}, {"refresh_idle_ttl": 240}], ids=["absolute", "idle"])
async def service(start: Start, request: pytest.FixtureRequest) -> Service:
    """Return a service in which a session ends a week after sign-in, or 240 s after its last refresh."""
    return await start(**request.param)


def lifetime(service: Service) -> int:
    """Return when a session ends that is never refreshed, in seconds after its sign-in."""
    settings = service.container.settings()
    return settings.refresh_idle_ttl or settings.refresh_token_ttl


async def test_refresh_of_a_session_with_one_second_left(service: Service, tokens: Tokens) -> None:
    """A session with exactly one second left can be refreshed. Its tokens live for one second, or until the new idle
    limit.
    """
    service.clock.advance(lifetime(service) - 1)
    given = lifetimes(await service.refresh(tokens.refresh))
    idle = service.container.settings().refresh_idle_ttl
    assert given == ((idle, idle) if idle else (1, 1))


@pytest.mark.parametrize("left", [0.999, 0.5, 0.001])
async def test_refresh_in_the_last_second_is_refused(service: Service, tokens: Tokens, left: float) -> None:
    """The session is over, for ``/auth/refresh`` and ``/oauth/token``. It is not revoked."""
    service.clock.advance(lifetime(service) - left)
    assert (await service.refresh(tokens.refresh)).problem == REFUSED
    form = {**REFRESH, "refresh_token": tokens.refresh}
    assert error(await service.ask("POST", TOKEN, data=form)) == (400, "invalid_grant")
    assert (await service.stored_session(tokens)).revoked_at is None


async def test_replay_in_the_last_second_is_refused(start: Start) -> None:
    """A replaced token gets the current one with a lifetime of one second, and nothing in the second after that."""
    service = await start()
    tokens = await service.sign_in()
    service.clock.advance(WEEK - 2)
    assert lifetimes(await service.refresh(tokens.refresh)) == (2, 2)
    service.clock.advance(1)
    assert lifetimes(await service.refresh(tokens.refresh)) == (1, 1)
    service.clock.advance(0.25)
    assert (await service.refresh(tokens.refresh)).problem == REFUSED


async def test_session_in_its_last_second_is_not_listed(service: Service, tokens: Tokens) -> None:
    """Neither its user nor an administrator sees it, and its user cannot end it any more."""
    service.clock.advance(lifetime(service) - 0.5)
    later = await service.sign_in()
    assert await listed_sids(service, later) == [sid(later)]
    assert (await end(service, later, sid(tokens))).problem == (404, "not-found")
    await service.create_user("root", scope="account keyturn:admin")
    admin = (await service.sign_in("root")).access
    sub = (await service.me(later.access)).json()["sub"]
    answer = await service.ask("GET", f"/admin/users/{sub}/sessions", token=admin)
    assert [each["sid"] for each in answer.json()["sessions"]] == [sid(later)]


async def test_refresh_token_in_the_last_second_is_not_active(service: Service) -> None:
    """RFC 7662 §2.2: with one second left it is active, with half a second it is not."""
    secret = await register(service)
    tokens = await service.sign_in()
    await service.change_session(tokens, client_id="orders")
    service.clock.advance(lifetime(service) - 1)
    assert (await ask(service, INTROSPECT, secret, token=tokens.refresh)).json()["active"] is True
    service.clock.advance(0.5)
    assert (await ask(service, INTROSPECT, secret, token=tokens.refresh)).json() == {"active": False}


async def test_session_in_its_last_second_can_be_logged_out(service: Service, tokens: Tokens) -> None:
    """The response is 204, and the session is revoked, because the leeway still accepts its access tokens."""
    service.clock.advance(lifetime(service) - 0.5)
    assert (await service.ask("POST", "/auth/logout", json={"refresh_token": tokens.refresh})).status == 204
    assert (await service.stored_session(tokens)).revoked_at is not None


SHORTEST: list[dict[str, Any]] = [
    {"refresh_token_ttl": 1},
    {"refresh_token_ttl": 1, "access_token_ttl": 1},
    {"refresh_token_ttl": 1, "refresh_idle_ttl": 1, "replay_window": 0},
    {"refresh_idle_ttl": 1, "replay_window": 0},
    {"access_token_ttl": 1},
]


@pytest.mark.parametrize("settings", SHORTEST, ids=" ".join)
@pytest.mark.parametrize("into_second", [0.0, 0.000_001, 0.3, 0.999_999])
async def test_shortest_lifetimes_are_one_second(start: Start, settings: dict[str, Any], into_second: float) -> None:
    """With every setting at its least, sign-in, refresh and ``client_credentials`` give lifetimes of at least a second,
    whatever the fraction of the second. The new access token works.
    """
    service = await start(**settings)
    service.clock.advance(into_second)
    signed_in = await service.login()
    refreshed = await service.refresh(signed_in.json()["refresh_token"])
    assert min(*lifetimes(signed_in), *lifetimes(refreshed)) == 1
    assert (await service.me(refreshed.json()["access_token"])).status == 200
    secret = await register(
        service, method=AuthenticationMethod.SECRET, grants=frozenset({GrantType.CLIENT_CREDENTIALS})
    )
    of_client = await ask(service, TOKEN, secret, **CREDENTIALS)
    assert of_client.json()["expires_in"] == service.container.settings().access_token_ttl
