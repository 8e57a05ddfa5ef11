"""``POST /auth/refresh``, where the token is good."""

import pytest

from app.domain.audit.events import LoginSucceeded, TokenRefreshed
from app.testing.system import NOW

from .conftest import Start
from .forgery import segment
from .service import Service, Tokens


async def test_its_answer_is_a_token_response(service: Service, tokens: Tokens) -> None:
    """It has the members and headers of a login's answer, and a new token of each kind."""
    login = await service.login()
    answer = await service.refresh(tokens.refresh)
    assert answer.status == 200
    assert list(answer.json()) == list(login.json())
    assert (answer.headers["Cache-Control"], answer.headers["Pragma"]) == ("no-store", "no-cache")
    assert Tokens.of(answer).refresh != tokens.refresh
    assert Tokens.of(answer).access != tokens.access


async def test_the_session_stays_the_same(service: Service, tokens: Tokens) -> None:
    """The new access token tells of the same session and sign-in, at a later time, under an id of its own."""
    service.clock.advance(100)
    before, after = segment(tokens.access, 1), segment((await service.rotate(tokens)).access, 1)
    assert {name for name in before if before[name] != after[name]} == {"iat", "exp", "jti"}
    assert (after["iat"], after["exp"], after["auth_time"]) == (NOW + 100, NOW + 1_000, NOW)
    assert service.audit.kinds() == [LoginSucceeded, TokenRefreshed]


async def test_both_tokens_work(service: Service, tokens: Tokens) -> None:
    """The new access token is accepted, and the successor rotates in its turn."""
    second = await service.rotate(tokens)
    third = await service.rotate(second)
    assert (await service.me(second.access)).status == 200
    assert (await service.me(third.access)).status == 200
    assert len({tokens.refresh, second.refresh, third.refresh}) == 3


async def test_scope_can_be_narrowed_and_the_session_keeps_its_own(service: Service, tokens: Tokens) -> None:
    """One refresh asks for less; the next, which asks for nothing, has all of the session's scope again."""
    narrow = await service.refresh(tokens.refresh, scope="account")
    assert narrow.json()["scope"] == segment(narrow.json()["access_token"], 1)["scope"] == "account"
    wide = await service.refresh(narrow.json()["refresh_token"])
    assert wide.json()["scope"] == "account orders:read"


@pytest.mark.parametrize("requested", ["account keyturn:admin", "  ", "x" * 2_000])
async def test_a_refused_scope_uses_up_no_token(service: Service, requested: str) -> None:
    """A scope is never widened beyond the session's, even to the user's, and the same token can be presented again."""
    tokens = await service.sign_in(scope="account")
    assert (await service.refresh(tokens.refresh, scope=requested)).problem == (400, "invalid-scope")
    assert (await service.refresh(tokens.refresh, scope="orders:read")).problem == (400, "invalid-scope")
    assert (await service.refresh(tokens.refresh)).status == 200


async def test_no_refresh_extends_the_session(service: Service, tokens: Tokens) -> None:
    """The expiry is absolute: the lifetimes shrink towards it, the access token's too."""
    service.clock.advance(604_800 - 100)
    response = (await service.refresh(tokens.refresh)).json()
    assert (response["expires_in"], response["refresh_token_expires_in"]) == (100, 100)
    assert segment(response["access_token"], 1)["exp"] == NOW + 604_800


async def test_rotation_moves_the_idle_limit(start: Start) -> None:
    """A session that is refreshed in time goes on beyond its first idle limit."""
    service = await start(refresh_idle_ttl=1_000)
    tokens = await service.sign_in()
    for _ in range(3):
        service.clock.advance(999)
        answer = await service.refresh(tokens.refresh)
        assert answer.json()["refresh_token_expires_in"] == 1_000
        tokens = Tokens.of(answer)


async def test_an_access_token_in_the_header_is_not_needed(service: Service, tokens: Tokens) -> None:
    """The refresh token alone counts, whatever stands in the Authorization header."""
    answer = await service.ask("POST", "/auth/refresh", json={"refresh_token": tokens.refresh}, token="rubbish")  # noqa: S106  # a test's
    assert answer.status == 200
