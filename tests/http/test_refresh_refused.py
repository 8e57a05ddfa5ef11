"""The refresh token's table (SPEC §4): what is presented, and what comes of it. Row 4 is in test_refresh.py."""

from collections.abc import Callable
from dataclasses import replace

import pytest

from app.domain.audit.events import (
    ForeignClientRefused,
    LoginSucceeded,
    ReuseDetected,
    SessionWasRevoked,
    TokenRefreshed,
    TokenReplayed,
)
from app.domain.identifiers import ClientId, SessionId
from app.domain.sessions import ratchet
from app.domain.sessions.ratchet import RefreshToken
from app.testing.builders import refresh_token, session_of

from .conftest import Start
from .forgery import segment
from .service import Service, Tokens

REFUSED = (401, "invalid-grant")


def altered(**parts: bytes) -> Callable[[str], str]:
    """Return a change of a token's parts."""
    return lambda text: ratchet.encode(replace(ratchet.parse(text), **parts))  # type: ignore[arg-type]  # bytes all


NOT_OF_ANY_SESSION: dict[str, Callable[[str], str]] = {
    "one character": lambda _: "k",
    "no prefix": lambda text: text.removeprefix("ktr_"),
    "other prefix": lambda text: text.replace("ktr_", "ktr-"),
    "cut": lambda text: text[:-1],
    "longer": lambda text: text + "A",
    "padded": lambda text: text[:-1] + "=",
    "other alphabet": lambda text: text[:-2] + "+/",
    "not canonical": lambda text: text[:-1] + chr(ord(text[-1]) + 1),
    "version 2": lambda text: "ktr_A" + chr(ord(text[5]) + 1) + text[6:],
    "not ASCII": lambda text: text[:-1] + "\u00e9",
    "NUL": lambda text: text[:-1] + "\u0000",
    "longest": lambda _: "ktr_" + "A" * 1_020,
    "unknown session": altered(session_id=b"s" * 16),
    "wrong lineage": altered(lineage=b"l" * 16),
}


@pytest.mark.parametrize("change", NOT_OF_ANY_SESSION.values(), ids=NOT_OF_ANY_SESSION)
async def test_what_is_no_token_changes_nothing(service: Service, tokens: Tokens, change: Callable[[str], str]) -> None:
    """Row 1: one answer for all of them; the session goes on."""
    usual = await service.refresh("no token")
    answer = await service.refresh(change(tokens.refresh))
    assert answer.problem == REFUSED
    assert answer.body == usual.body
    assert answer.headers["WWW-Authenticate"] == "Bearer"
    assert service.audit.kinds() == [LoginSucceeded]
    assert (await service.refresh(tokens.refresh)).status == 200


async def test_another_clients_token_is_refused_and_audited(service: Service) -> None:
    """Row 2: the session is untouched, and the audit trail says who presented its token."""
    token = refresh_token()
    session = session_of(token, client_id=ClientId("shop"))
    await service.store_session(session)
    answer = await service.refresh(ratchet.encode(token))
    assert answer.problem == REFUSED
    assert await service.sessions.repository.find(token.session_id) == session
    [event] = service.audit.events
    assert isinstance(event, ForeignClientRefused)
    assert (event.client_id, event.presented_by) == ("shop", "first-party")


async def test_a_session_ends_at_its_absolute_expiry(service: Service, tokens: Tokens) -> None:
    """Row 3: not before, and not after."""
    service.clock.advance(604_799)
    assert (await service.refresh(tokens.refresh)).status == 200
    fresh = await service.sign_in()
    service.clock.advance(604_800)
    assert (await service.refresh(fresh.refresh)).problem == REFUSED
    assert ReuseDetected not in service.audit.kinds()


async def test_a_session_ends_at_its_idle_expiry(start: Start) -> None:
    """Row 3: nothing was refreshed for as long as the idle limit."""
    service = await start(refresh_idle_ttl=600)
    tokens = await service.sign_in()
    service.clock.advance(600)
    assert (await service.refresh(tokens.refresh)).problem == REFUSED


async def test_a_revoked_session_is_refused_without_a_second_alarm(service: Service, tokens: Tokens) -> None:
    """Row 3: after a logout neither the current nor an older token is reuse."""
    successor = await service.rotate(tokens)
    await service.ask("POST", "/auth/logout", json={"refresh_token": successor.refresh})
    for token in (successor, tokens):
        assert (await service.refresh(token.refresh)).problem == REFUSED
    assert service.audit.kinds() == [LoginSucceeded, TokenRefreshed, SessionWasRevoked]


@pytest.mark.parametrize("changes", [{"credential_version": 2}, {"disabled": True}], ids=["newer version", "disabled"])
async def test_an_older_credential_version_is_refused(service: Service, changes: dict[str, int]) -> None:
    """Row 3: a session from before the user's credentials changed gives nothing."""
    user = await service.create_user("bob")
    tokens = await service.sign_in("bob")
    service.change_user(user, **changes)
    assert (await service.refresh(tokens.refresh)).problem == REFUSED
    assert ReuseDetected not in service.audit.kinds()


@pytest.mark.parametrize("later", [0, 29.999, -3_600], ids=["at once", "just inside", "clock set back"])
async def test_a_replay_gets_the_same_successor(start: Start, later: float) -> None:
    """Row 5: inside the window the token just replaced gets its successor again with a new access token, and nothing
    is written, no deadline moves.
    """
    service = await start(refresh_idle_ttl=600)
    tokens = await service.sign_in()
    first = await service.rotate(tokens)
    stored = await service.stored_session(tokens)
    service.clock.advance(later)
    second = await service.rotate(tokens)
    assert second.refresh == first.refresh
    assert segment(second.access, 1)["jti"] != segment(first.access, 1)["jti"]
    assert await service.stored_session(tokens) == stored
    assert service.audit.kinds() == [LoginSucceeded, TokenRefreshed, TokenReplayed]


async def assert_reuse(service: Service, presented: str, current: Tokens, **members: object) -> None:
    """Present a token and see its session end, refresh and access tokens alike."""
    assert (await service.me(current.access)).status == 200
    assert (await service.refresh(presented, **members)).problem == REFUSED
    assert service.audit.kinds()[-2:] == [SessionWasRevoked, ReuseDetected]
    assert (await service.refresh(current.refresh)).problem == REFUSED
    refused = await service.me(current.access)
    assert refused.problem == (401, "invalid-token")
    assert "revoked" in refused.json()["detail"]


@pytest.mark.parametrize("members", [{}, {"scope": "keyturn:admin"}, {"scope": "  "}], ids=["plain", "more", "bad"])
async def test_an_earlier_token_ends_the_session(service: Service, tokens: Tokens, members: dict[str, str]) -> None:
    """Row 6: a token from two rotations ago is taken for theft, whatever scope is asked for beside it."""
    current = await service.rotate(await service.rotate(tokens))
    await assert_reuse(service, tokens.refresh, current, **members)


async def test_the_token_just_replaced_ends_the_session_after_the_window(service: Service, tokens: Tokens) -> None:
    """Row 6: the window is over once 30 seconds have passed."""
    current = await service.rotate(tokens)
    service.clock.advance(30)
    await assert_reuse(service, tokens.refresh, current)


async def test_a_secret_that_never_was_ends_the_session(service: Service, tokens: Tokens) -> None:
    """Row 6: the right lineage with any other secret is a stolen token, made up further."""
    made_up = altered(secret=b"x" * 32)(tokens.refresh)
    await assert_reuse(service, made_up, tokens)


async def test_reuse_ends_only_that_session(service: Service, tokens: Tokens) -> None:
    """The user's other sessions go on."""
    other = await service.sign_in()
    await service.rotate(await service.rotate(tokens))
    assert (await service.refresh(tokens.refresh)).problem == REFUSED
    assert (await service.me(other.access)).status == 200
    assert (await service.refresh(other.refresh)).status == 200


async def test_a_window_of_nothing_makes_every_repetition_reuse(start: Start) -> None:
    """With a replay window of 0 the token just replaced ends the session at once."""
    service = await start(replay_window=0)
    tokens = await service.sign_in()
    current = await service.rotate(tokens)
    await assert_reuse(service, tokens.refresh, current)


async def test_an_unknown_session_is_never_reuse(service: Service) -> None:
    """A well-formed token of a session that is not there raises no alarm."""
    token = RefreshToken(SessionId(b"n" * 16), b"l" * 16, b"s" * 32)
    assert (await service.refresh(ratchet.encode(token))).problem == REFUSED
    assert service.audit.events == []
