"""``POST /oauth/introspect``, line by line of RFC 7662."""

from dataclasses import replace

import pytest

from app.domain.identifiers import ClientId
from app.domain.rate_limits.rate_limit import RateLimit
from app.domain.sessions.session import RevocationReason

from .conftest import Start
from .forgery import segment
from .oauth import CREDENTIALS, INTROSPECT, TOKEN, ask, basic, error, register
from .service import Answer, Service, Tokens


async def introspect(service: Service, secret: str, token: str, **form: str) -> Answer:
    """Introspect as the client "orders"."""
    return await ask(service, INTROSPECT, secret, token=token, **form)


async def session_of(service: Service, client_id: str = "orders") -> Tokens:
    """Return the tokens of a session that is made to belong to a client."""
    tokens = await service.sign_in()
    session = await service.stored_session(tokens)
    service.sessions.repository._sessions.pop(session.session_id)
    await service.store_session(replace(session, client_id=ClientId(client_id)))
    return tokens


def assert_inactive(answer: Answer) -> None:
    """See that the answer tells nothing (§2.2)."""
    assert (answer.status, answer.body) == (200, b'{"active":false}')


async def test_an_access_token_of_ones_own(service: Service) -> None:
    """§2.2: ``active``, and of the optional members those that the token has."""
    secret = await register(service)
    token = (await ask(service, TOKEN, secret, **CREDENTIALS, scope="stock:read")).json()["access_token"]
    answer = await introspect(service, secret, token)
    assert answer.json() == {"active": True, "token_type": "Bearer", **segment(token, 1)}
    assert answer.json()["scope"] == "stock:read"
    assert answer.headers["Content-Type"] == "application/json"
    assert answer.headers["Cache-Control"] == "no-store"


async def test_a_refresh_token_of_ones_own(service: Service) -> None:
    """§2: the other kind of token; its end is that of its session."""
    secret = await register(service)
    tokens = await session_of(service)
    session = await service.stored_session(tokens)
    members = (await introspect(service, secret, tokens.refresh)).json()
    assert members == {
        "active": True,
        "scope": "account orders:read",
        "client_id": "orders",
        "exp": int(session.expires_at),
        "iat": int(session.created_at),
        "sub": session.subject,
        "sid": segment(tokens.access, 1)["sid"],
    }


async def test_the_resource_that_a_token_is_for(service: Service, tokens: Tokens) -> None:
    """§1: a protected resource asks about the access tokens it is shown, whoever they were issued to."""
    secret = await register(service, introspects=("keyturn",))
    members = (await introspect(service, secret, tokens.access)).json()
    assert members == {"active": True, "token_type": "Bearer", **segment(tokens.access, 1)}
    assert_inactive(await introspect(service, secret, tokens.refresh))


async def test_another_clients_token_is_inactive(service: Service, tokens: Tokens) -> None:
    """§4: who is none of the token's parties learns nothing, not even that it exists."""
    secret = await register(service)
    other = await register(service, "other", audiences=("elsewhere",))
    issued = (await ask(service, TOKEN, other, "other", **CREDENTIALS)).json()["access_token"]
    for token in (issued, tokens.access, tokens.refresh):
        assert_inactive(await introspect(service, secret, token))


@pytest.mark.parametrize("token", ["rubbish", "a.b.c", "ktr_", "ktr_" + "A" * 87, "客", "x" * 9_000])
async def test_what_is_no_token_is_inactive(service: Service, token: str) -> None:
    """§2.2: an unknown or malformed token is no error, and the answer has ``active`` only."""
    assert_inactive(await introspect(service, await register(service), token))


async def test_dead_tokens_are_inactive(service: Service) -> None:
    """§2.2: expired, or revoked; of both kinds."""
    secret = await register(service, introspects=("keyturn",))
    tokens = await session_of(service)
    claims = service.container.validation().validate(tokens.access)
    await service.container.revocation().revoke(await service.stored_session(tokens), RevocationReason.LOGOUT)
    for token in (tokens.access, tokens.refresh):
        assert_inactive(await introspect(service, secret, token))
    other = await session_of(service)
    service.clock.advance(claims.expires_at - claims.issued_at + 30)
    assert_inactive(await introspect(service, secret, other.access))
    assert (await introspect(service, secret, other.refresh)).json()["active"] is True
    service.clock.advance(7 * 86_400)
    assert_inactive(await introspect(service, secret, other.refresh))


async def test_what_a_refresh_would_accept_is_active(service: Service) -> None:
    """§2.2 leaves to the server what active means: here, that a refresh would succeed now."""
    secret = await register(service)
    tokens = await session_of(service)
    successor = Tokens.of(await ask(service, TOKEN, secret, grant_type="refresh_token", refresh_token=tokens.refresh))
    for token in (tokens.refresh, successor.refresh):
        assert (await introspect(service, secret, token)).json()["active"] is True
    service.clock.advance(30)
    assert_inactive(await introspect(service, secret, tokens.refresh))


async def test_introspection_is_no_reuse(service: Service) -> None:
    """§2: the server determines the state of a token; it changes nothing, however old the token is."""
    secret = await register(service)
    tokens = await session_of(service)
    form = {"grant_type": "refresh_token"}
    second = Tokens.of(await ask(service, TOKEN, secret, **form, refresh_token=tokens.refresh))
    service.clock.advance(60)
    before = await service.stored_session(tokens)
    assert_inactive(await introspect(service, secret, tokens.refresh))
    assert await service.stored_session(tokens) == before
    assert (await ask(service, TOKEN, secret, **form, refresh_token=second.refresh)).status == 200


@pytest.mark.parametrize("hint", ["access_token", "refresh_token", "unheard-of"])
async def test_a_hint_changes_nothing(service: Service, hint: str) -> None:
    """§2.1: a wrong hint, or an unknown one, does not keep the token from being found."""
    secret = await register(service)
    tokens = await session_of(service)
    own = (await ask(service, TOKEN, secret, **CREDENTIALS)).json()["access_token"]
    for token in (own, tokens.refresh):
        assert (await introspect(service, secret, token, token_type_hint=hint)).json()["active"] is True


async def test_a_caller_must_authenticate(service: Service, tokens: Tokens) -> None:
    """§2.1, §2.3: without it 401 as RFC 6749 §5.2 says, whatever the token is."""
    await register(service)
    assert error(await introspect(service, "wrong", tokens.access)) == (401, "invalid_client")
    assert error(await service.ask("POST", INTROSPECT, data={"token": tokens.access})) == (401, "invalid_client")


async def test_a_public_client_may_not_introspect(service: Service, tokens: Tokens) -> None:
    """§4: an id that anybody can state is no authentication."""
    form = {"token": tokens.access, "client_id": "first-party"}
    assert error(await service.ask("POST", INTROSPECT, data=form)) == (400, "unauthorized_client")


async def test_the_token_is_required_in_the_body_of_a_post(service: Service, tokens: Tokens) -> None:
    """§2.1: form-encoded, and not in a query."""
    secret = await register(service)
    assert error(await ask(service, INTROSPECT, secret)) == (400, "invalid_request")
    headers = basic("orders", secret)
    assert (await service.ask("GET", f"{INTROSPECT}?token={tokens.access}", headers=headers)).status == 405
    assert error(await service.ask("POST", INTROSPECT, json={"token": "x"}, headers=headers))[0] == 415


async def test_without_the_store_there_is_no_answer(service: Service) -> None:
    """An outage is not "inactive"."""
    secret = await register(service)
    tokens = await session_of(service)
    service.sessions.down = True
    assert error(await introspect(service, secret, tokens.refresh)) == (503, "temporarily_unavailable")


async def test_a_client_has_a_budget(start: Start) -> None:
    """Beyond it 429 with its time, after which the client may ask again; other clients may all the while."""
    service = await start(introspection_budget=RateLimit(2, 20))
    secret, others = await register(service), await register(service, "others")
    for _ in range(2):
        assert_inactive(await introspect(service, secret, "nonsense"))
    refused = await introspect(service, secret, "nonsense")
    assert error(refused) == (429, "too_many_attempts")
    assert_inactive(await ask(service, INTROSPECT, others, "others", token="nonsense"))  # noqa: S106  # no secret
    service.clock.advance(int(refused.headers["Retry-After"]))
    assert_inactive(await introspect(service, secret, "nonsense"))
