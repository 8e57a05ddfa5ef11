"""``POST /oauth/revoke``, line by line of RFC 7009."""

import pytest

from app.domain.audit.events import ForeignClientRefused

from .oauth import CREDENTIALS, REVOKE, TOKEN, ask, error, register
from .service import Answer, Service, Tokens
from .test_introspection import session_of


async def revoke(service: Service, token: str, **form: str) -> Answer:
    """Revoke as the built-in public client."""
    return await service.ask("POST", REVOKE, data={"client_id": "first-party", "token": token, **form})


@pytest.mark.parametrize("kind", ["access", "refresh"])
async def test_either_token_ends_the_session(service: Service, tokens: Tokens, kind: str) -> None:
    """§2.1: the other tokens of the same grant are revoked with it; §2.2: 200, and the body does not matter."""
    answer = await revoke(service, getattr(tokens, kind))
    assert (answer.status, answer.body) == (200, b"")
    assert answer.headers["Cache-Control"] == "no-store"
    assert (await service.me(tokens.access)).problem == (401, "invalid-token")
    assert (await service.refresh(tokens.refresh)).problem == (401, "invalid-grant")


async def test_a_token_of_any_generation(service: Service, tokens: Tokens) -> None:
    """§2.1: an earlier refresh token of the lineage ends the session too."""
    last = await service.rotate(await service.rotate(tokens))
    assert (await revoke(service, tokens.refresh)).status == 200
    assert (await service.refresh(last.refresh)).problem == (401, "invalid-grant")


@pytest.mark.parametrize("token", ["rubbish", "a.b.c", "ktr_" + "A" * 87, "客"])
async def test_an_unknown_token_is_no_error(service: Service, token: str) -> None:
    """§2.2: the client could do nothing about it."""
    assert (await revoke(service, token)).status == 200


async def test_a_dead_token_is_no_error(service: Service, tokens: Tokens) -> None:
    """§2.2: revoked already, or expired; again and again."""
    for _ in range(2):
        for token in (tokens.refresh, tokens.access):
            assert (await revoke(service, token)).status == 200
    service.clock.advance(8 * 86_400)
    assert (await revoke(service, tokens.refresh)).status == 200


@pytest.mark.parametrize("hint", ["access_token", "refresh_token", "unheard-of"])
async def test_a_hint_changes_nothing(service: Service, tokens: Tokens, hint: str) -> None:
    """§2.1: a wrong hint extends the search, an unknown one is ignored."""
    assert (await revoke(service, tokens.refresh, token_type_hint=hint)).status == 200
    assert (await service.me(tokens.access)).status == 401


@pytest.mark.parametrize("kind", ["access", "refresh"])
async def test_another_clients_token_is_refused(service: Service, tokens: Tokens, kind: str) -> None:
    """§2.1: it was not issued to the client that presents it; the client is told, and nothing changes."""
    secret = await register(service)
    assert error(await ask(service, REVOKE, secret, token=getattr(tokens, kind))) == (400, "invalid_grant")
    assert (await service.me(tokens.access)).status == 200
    assert (await service.refresh(tokens.refresh)).status == 200
    assert (ForeignClientRefused in service.audit.kinds()) == (kind == "refresh")


async def test_a_forged_lineage_is_an_unknown_token(service: Service, tokens: Tokens) -> None:
    """Who knows a session's id and no token of it ends nothing, and learns nothing."""
    forged = tokens.refresh[:30] + "A" * (len(tokens.refresh) - 30)
    assert (await revoke(service, forged)).status == 200
    assert (await service.me(tokens.access)).status == 200


async def test_a_confidential_client_ends_its_own_sessions(service: Service) -> None:
    """§2.1: it authenticates first."""
    secret = await register(service)
    tokens = await session_of(service)
    assert error(await ask(service, REVOKE, "wrong", token=tokens.refresh)) == (401, "invalid_client")
    assert (await ask(service, REVOKE, secret, token=tokens.refresh)).status == 200
    assert (await service.me(tokens.access)).status == 401


async def test_a_token_without_a_session_cannot_be_revoked(service: Service) -> None:
    """§2.2.1: that is said, and not that it was done."""
    secret = await register(service)
    token = (await ask(service, TOKEN, secret, **CREDENTIALS)).json()["access_token"]
    assert error(await ask(service, REVOKE, secret, token=token)) == (400, "unsupported_token_type")


async def test_a_caller_must_show_who_it_is(service: Service, tokens: Tokens) -> None:
    """§2.1: a client that is unknown, or none, is refused before the token is looked at."""
    assert error(await service.ask("POST", REVOKE, data={"token": tokens.refresh})) == (401, "invalid_client")
    unknown = {"token": tokens.refresh, "client_id": "unknown"}
    assert error(await service.ask("POST", REVOKE, data=unknown)) == (401, "invalid_client")
    assert (await service.me(tokens.access)).status == 200


async def test_the_token_is_required(service: Service) -> None:
    """§2.1, §2.2.1: without it the request is malformed."""
    assert error(await service.ask("POST", REVOKE, data={"client_id": "first-party"})) == (400, "invalid_request")


async def test_without_the_store_the_client_tries_again(service: Service, tokens: Tokens) -> None:
    """§2.2.1: 503 with Retry-After; the token still exists."""
    service.sessions.down = True
    answer = await revoke(service, tokens.refresh)
    assert error(answer) == (503, "temporarily_unavailable")
    assert int(answer.headers["Retry-After"]) >= 1
