"""``POST /oauth/revoke``, section by section of RFC 7009."""

from collections.abc import Awaitable, Callable

import pytest

from app.domain.audit.events import ForeignClientRefused
from app.domain.identifiers import SessionId
from app.domain.sessions.session import Session
from app.testing.builders import AUDIENCE

from .conftest import Start
from .oauth import CREDENTIALS, REVOKE, TOKEN, ask, error, register
from .service import Answer, Service, Tokens
from .test_introspection import session_of_client


async def revoke(service: Service, token: str, **form: str) -> Answer:
    """Revoke a token as the built-in public client."""
    return await service.ask("POST", REVOKE, data={"client_id": "first-party", "token": token, **form})


@pytest.mark.parametrize("kind", ["access", "refresh"])
async def test_both_kinds_of_token_end_the_session(service: Service, tokens: Tokens, kind: str) -> None:
    """§2.1, §2.2: all tokens of the session stop working, and the response is 200 without a body."""
    answer = await revoke(service, getattr(tokens, kind))
    assert (answer.status, answer.body) == (200, b"")
    assert answer.headers["Cache-Control"] == "no-store"
    assert (await service.me(tokens.access)).problem == (401, "invalid-token")
    assert (await service.refresh(tokens.refresh)).problem == (401, "invalid-grant")


@pytest.mark.parametrize("kind", ["access", "refresh"])
async def test_revocation_reads_the_session_once(
    service: Service, tokens: Tokens, kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The store reads the session of either token once."""
    reads: list[SessionId] = []
    find: Callable[[SessionId], Awaitable[Session | None]] = service.sessions.find

    async def counted(session_id: SessionId) -> Session | None:
        reads.append(session_id)
        return await find(session_id)

    monkeypatch.setattr(service.sessions, "find", counted)
    assert (await revoke(service, getattr(tokens, kind))).status == 200
    assert len(reads) == 1


async def test_older_refresh_token_ends_its_session(service: Service, tokens: Tokens) -> None:
    """§2.1: an earlier refresh token also ends the session."""
    last = await service.rotate(await service.rotate(tokens))
    assert (await revoke(service, tokens.refresh)).status == 200
    assert (await service.refresh(last.refresh)).problem == (401, "invalid-grant")


@pytest.mark.parametrize("token", ["rubbish", "a.b.c", "ktr_" + "A" * 87, "客"])
async def test_unknown_token_gets_200(service: Service, token: str) -> None:
    """§2.2: an unknown token is no error, because the client could not do anything about it."""
    assert (await revoke(service, token)).status == 200


async def test_revoked_or_expired_token_gets_200(service: Service, tokens: Tokens) -> None:
    """§2.2: a token that does not work any more is no error."""
    for _ in range(2):
        for token in (tokens.refresh, tokens.access):
            assert (await revoke(service, token)).status == 200
    service.clock.advance(8 * 86_400)
    assert (await revoke(service, tokens.refresh)).status == 200


async def test_expired_access_token_ends_its_session(service: Service, tokens: Tokens) -> None:
    """§2.1: an access token of the client ends its session, also when it has expired."""
    service.clock.advance(1_000)
    assert (await revoke(service, tokens.access)).status == 200
    assert (await service.refresh(tokens.refresh)).problem == (401, "invalid-grant")


async def test_access_token_for_another_audience_ends_its_session(start: Start) -> None:
    """§2.1: a token for another audience ends its session, expired or not."""
    service = await start(audience=(AUDIENCE, "https://mail.example/"))
    secret = await register(service)
    tokens = await session_of_client(service)
    form = {"grant_type": "refresh_token", "refresh_token": tokens.refresh, "resource": "https://mail.example/"}
    refreshed = Tokens.of(await ask(service, TOKEN, secret, **form))
    service.clock.advance(1_000)
    assert (await ask(service, REVOKE, secret, token=refreshed.access)).status == 200
    assert error(await ask(service, TOKEN, secret, **{**form, "refresh_token": refreshed.refresh})) == (
        400,
        "invalid_grant",
    )


async def test_expired_token_of_another_client_is_refused(service: Service, tokens: Tokens) -> None:
    """§2.1: the response is an error, and the session goes on."""
    secret = await register(service)
    service.clock.advance(1_000)
    assert error(await ask(service, REVOKE, secret, token=tokens.access)) == (400, "invalid_grant")
    assert (await service.refresh(tokens.refresh)).status == 200


async def test_expired_token_without_a_session_gets_200(service: Service) -> None:
    """§2.2: a token of ``client_credentials`` that has expired needs no revocation."""
    secret = await register(service)
    token = (await ask(service, TOKEN, secret, **CREDENTIALS)).json()["access_token"]
    service.clock.advance(1_000)
    assert (await ask(service, REVOKE, secret, token=token)).status == 200


@pytest.mark.parametrize("hint", ["access_token", "refresh_token", "unheard-of"])
async def test_token_type_hint_has_no_effect(service: Service, tokens: Tokens, hint: str) -> None:
    """§2.1: a wrong or unknown hint does not matter."""
    assert (await revoke(service, tokens.refresh, token_type_hint=hint)).status == 200
    assert (await service.me(tokens.access)).status == 401


@pytest.mark.parametrize("kind", ["access", "refresh"])
async def test_token_of_another_client_is_refused(service: Service, tokens: Tokens, kind: str) -> None:
    """§2.1: the response is an error, and the token still works."""
    secret = await register(service)
    assert error(await ask(service, REVOKE, secret, token=getattr(tokens, kind))) == (400, "invalid_grant")
    assert (await service.me(tokens.access)).status == 200
    assert (await service.refresh(tokens.refresh)).status == 200
    assert (ForeignClientRefused in service.audit.kinds()) == (kind == "refresh")


async def test_forged_refresh_token_ends_no_session(service: Service, tokens: Tokens) -> None:
    """A forged token with the id of a real session is treated as an unknown token."""
    forged = tokens.refresh[:30] + "A" * (len(tokens.refresh) - 30)
    assert (await revoke(service, forged)).status == 200
    assert (await service.me(tokens.access)).status == 200


async def test_confidential_client_must_authenticate(service: Service) -> None:
    """§2.1: a client with a secret can revoke its tokens only with the right secret."""
    secret = await register(service)
    tokens = await session_of_client(service)
    assert error(await ask(service, REVOKE, "wrong", token=tokens.refresh)) == (401, "invalid_client")
    assert (await ask(service, REVOKE, secret, token=tokens.refresh)).status == 200
    assert (await service.me(tokens.access)).status == 401


async def test_token_without_a_session_is_unsupported(service: Service) -> None:
    """§2.2.1: a token of ``client_credentials`` cannot be revoked, and the response says so."""
    secret = await register(service)
    token = (await ask(service, TOKEN, secret, **CREDENTIALS)).json()["access_token"]
    assert error(await ask(service, REVOKE, secret, token=token)) == (400, "unsupported_token_type")


async def test_client_must_be_known(service: Service, tokens: Tokens) -> None:
    """§2.1: an unknown client, or a request without a client, is refused."""
    assert error(await service.ask("POST", REVOKE, data={"token": tokens.refresh})) == (401, "invalid_client")
    unknown = {"token": tokens.refresh, "client_id": "unknown"}
    assert error(await service.ask("POST", REVOKE, data=unknown)) == (401, "invalid_client")
    assert (await service.me(tokens.access)).status == 200


async def test_token_is_required(service: Service) -> None:
    """§2.1, §2.2.1: a request without a token is ``invalid_request``."""
    assert error(await service.ask("POST", REVOKE, data={"client_id": "first-party"})) == (400, "invalid_request")


async def test_store_outage_gets_503(service: Service, tokens: Tokens) -> None:
    """§2.2.1: the response is 503 with ``Retry-After``."""
    service.sessions.down = True
    answer = await revoke(service, tokens.refresh)
    assert error(answer) == (503, "temporarily_unavailable")
    assert int(answer.headers["Retry-After"]) >= 1
