"""``POST /auth/refresh`` with a good token: rows 4 (rotation) and 5 (replay) of the table in docs/refresh-tokens.md."""

import pytest

from app.domain.audit.events import LoginSucceeded, TokenRefreshed, TokenReplayed
from app.domain.requester import Requester
from app.domain.sessions.rotation import Rotation
from app.testing.system import NOW

from .forgery import segment
from .service import Service, Tokens


async def test_refresh_returns_a_token_response(service: Service, tokens: Tokens) -> None:
    """The response has the members and headers of a login, with two new tokens and what is left of the session."""
    login = await service.login()
    service.clock.advance(100)
    answer = await service.refresh(tokens.refresh)
    assert answer.status == 200
    assert list(answer.json()) == list(login.json())
    assert (answer.json()["expires_in"], answer.json()["refresh_token_expires_in"]) == (900, 604_700)
    assert (answer.headers["Cache-Control"], answer.headers["Pragma"]) == ("no-store", "no-cache")
    assert Tokens.of(answer).refresh != tokens.refresh
    assert Tokens.of(answer).access != tokens.access


async def test_refresh_keeps_the_session(service: Service, tokens: Tokens) -> None:
    """The claims of the new access token differ only in ``iat``, ``exp`` and ``jti``."""
    service.clock.advance(100)
    before, after = segment(tokens.access, 1), segment((await service.rotate(tokens)).access, 1)
    assert {name for name in before if before[name] != after[name]} == {"iat", "exp", "jti"}
    assert (after["iat"], after["exp"], after["auth_time"]) == (NOW + 100, NOW + 1_000, NOW)
    assert service.audit.kinds() == [LoginSucceeded, TokenRefreshed]


async def test_both_new_tokens_work(service: Service, tokens: Tokens) -> None:
    """The new access token is accepted, and the new refresh token can be exchanged."""
    second = await service.rotate(tokens)
    third = await service.rotate(second)
    assert (await service.me(second.access)).status == 200
    assert (await service.me(third.access)).status == 200


async def test_replay_returns_the_same_successor(service: Service, tokens: Tokens) -> None:
    """Inside the replay window, a repeated refresh returns the same refresh token and another access token."""
    first = await service.rotate(tokens)
    stored = await service.stored_session(tokens)
    second = await service.rotate(tokens)
    assert second.refresh == first.refresh
    assert segment(second.access, 1)["jti"] != segment(first.access, 1)["jti"]
    assert await service.stored_session(tokens) == stored
    assert service.audit.kinds() == [LoginSucceeded, TokenRefreshed, TokenReplayed]


async def test_scope_narrows_only_the_access_token(service: Service, tokens: Tokens) -> None:
    """A refresh may ask for less scope. The next refresh without a scope gets the session's scope again."""
    narrow = await service.refresh(tokens.refresh, scope="account")
    assert narrow.json()["scope"] == segment(narrow.json()["access_token"], 1)["scope"] == "account"
    wide = await service.refresh(narrow.json()["refresh_token"])
    assert wide.json()["scope"] == "account orders:read"


async def test_refused_scope_does_not_use_up_the_token(service: Service) -> None:
    """A scope beyond the session's is refused, even if the user has it. The same token then still works."""
    tokens = await service.sign_in(scope="account")
    for scope in ("orders:read", "x" * 2_000):
        assert (await service.refresh(tokens.refresh, scope=scope)).problem == (400, "invalid-scope")
    assert (await service.refresh(tokens.refresh)).status == 200


async def test_refresh_ignores_the_authorization_header(service: Service, tokens: Tokens) -> None:
    """A wrong access token in the header does not matter."""
    answer = await service.ask("POST", "/auth/refresh", json={"refresh_token": tokens.refresh}, token="rubbish")  # noqa: S106  # a test's
    assert answer.status == 200


async def test_the_rotation_is_told_who_asks(service: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    """Both endpoints pass the sender of the request on, whom a rule of a subclass can refuse."""
    tokens, asked = await service.sign_in(), list[Requester]()
    monkeypatch.setattr(Rotation, "check_requester", lambda _, __, requester: asked.append(requester))
    agent = {"User-Agent": "curl/8.5.0"}
    form = {"grant_type": "refresh_token", "client_id": "first-party", "refresh_token": tokens.refresh}
    await service.ask("POST", "/auth/refresh", json={"refresh_token": tokens.refresh}, headers=agent)
    await service.ask("POST", "/oauth/token", data=form, headers=agent)
    assert asked == [Requester("127.0.0.1", "curl/8.5.0")] * 2
