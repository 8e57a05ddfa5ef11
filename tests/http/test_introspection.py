"""``POST /oauth/introspect``, section by section of RFC 7662."""

import pytest

from app.domain.identifiers import ClientId
from app.domain.rate_limits.rate_limit import RateLimit
from app.domain.sessions.session import RevocationReason

from .conftest import Start
from .forgery import segment
from .oauth import CREDENTIALS, INTROSPECT, TOKEN, ask, basic, error, register
from .service import Answer, Service, Tokens


async def introspect(service: Service, secret: str, token: str, **form: str) -> Answer:
    """Introspect a token as the client "orders"."""
    return await ask(service, INTROSPECT, secret, token=token, **form)


async def session_of_client(service: Service, client_id: str = "orders") -> Tokens:
    """Return the tokens of a session that belongs to a client."""
    tokens = await service.sign_in()
    await service.change_session(tokens, client_id=ClientId(client_id))
    return tokens


def assert_inactive(answer: Answer) -> None:
    """Check that the response has nothing but ``active`` (§2.2)."""
    assert (answer.status, answer.body) == (200, b'{"active":false}')


async def test_client_sees_its_own_access_token(service: Service) -> None:
    """§2.2: the response has ``active`` and the claims of the token."""
    secret = await register(service)
    token = (await ask(service, TOKEN, secret, **CREDENTIALS, scope="stock:read")).json()["access_token"]
    answer = await introspect(service, secret, token)
    assert answer.json() == {"active": True, "token_type": "Bearer", **segment(token, 1)}
    assert answer.json()["scope"] == "stock:read"
    assert answer.headers["Content-Type"] == "application/json"
    assert answer.headers["Cache-Control"] == "no-store"


async def test_client_sees_its_own_refresh_token(service: Service) -> None:
    """§2: the members of a refresh token come from its session."""
    secret = await register(service)
    tokens = await session_of_client(service)
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


async def test_resource_sees_access_tokens_for_its_audience(service: Service, tokens: Tokens) -> None:
    """§1: a resource may introspect the access tokens that it receives, and no refresh token."""
    secret = await register(service, introspects=("keyturn",))
    members = (await introspect(service, secret, tokens.access)).json()
    assert members == {"active": True, "token_type": "Bearer", **segment(tokens.access, 1)}
    assert_inactive(await introspect(service, secret, tokens.refresh))


async def test_introspection_shows_the_end_that_validation_uses(service: Service, tokens: Tokens) -> None:
    """Once the lifetime of access tokens is 60 s, ``exp`` is 60 s after ``iat``, as in ``/auth/me``."""
    secret = await register(service, introspects=("keyturn",))
    service.container.revocation_list().token_lifetime = 60
    end = int(service.clock.now()) + 60
    assert (await introspect(service, secret, tokens.access)).json()["exp"] == end
    assert (await service.me(tokens.access)).json()["exp"] == end
    service.clock.advance(91)
    assert_inactive(await introspect(service, secret, tokens.access))
    assert (await service.me(tokens.access)).status == 401


async def test_access_token_of_session_before_the_cut_off_is_inactive(service: Service, tokens: Tokens) -> None:
    """``/auth/me`` refuses it too. A token without a session stays active."""
    secret = await register(service, introspects=("keyturn",))
    own = (await ask(service, TOKEN, secret, **CREDENTIALS, scope="stock:read")).json()["access_token"]
    assert (await service.me(tokens.access)).status == 200
    service.container.revocation_list().revoke_until(int(service.clock.now()))
    assert_inactive(await introspect(service, secret, tokens.access))
    assert (await service.me(tokens.access)).status == 401
    assert (await introspect(service, secret, own)).json()["active"] is True


async def test_token_of_another_client_is_inactive(service: Service, tokens: Tokens) -> None:
    """§4: a client that a token does not concern cannot even learn that it exists."""
    secret = await register(service)
    other = await register(service, "other", audiences=("elsewhere",))
    issued = (await ask(service, TOKEN, other, "other", **CREDENTIALS)).json()["access_token"]
    for token in (issued, tokens.access, tokens.refresh):
        assert_inactive(await introspect(service, secret, token))


@pytest.mark.parametrize("token", ["rubbish", "a.b.c", "ktr_", "ktr_" + "A" * 87, "客", "x" * 9_000])
async def test_unknown_token_is_inactive(service: Service, token: str) -> None:
    """§2.2: an unknown or malformed token is no error."""
    assert_inactive(await introspect(service, await register(service), token))


async def test_revoked_and_expired_tokens_are_inactive(service: Service) -> None:
    """§2.2: this holds for access tokens and refresh tokens."""
    secret = await register(service, introspects=("keyturn",))
    tokens = await session_of_client(service)
    claims = service.container.validation().validate(tokens.access)
    await service.container.revocation().revoke(await service.stored_session(tokens), RevocationReason.LOGOUT)
    for token in (tokens.access, tokens.refresh):
        assert_inactive(await introspect(service, secret, token))
    other = await session_of_client(service)
    service.clock.advance(claims.expires_at - claims.issued_at + 30)
    assert_inactive(await introspect(service, secret, other.access))
    assert (await introspect(service, secret, other.refresh)).json()["active"] is True
    service.clock.advance(7 * 86_400)
    assert_inactive(await introspect(service, secret, other.refresh))


async def test_refresh_token_is_active_while_a_refresh_would_succeed(service: Service) -> None:
    """§2.2 leaves the meaning of active to the server. A replaced token stays active in the replay window."""
    secret = await register(service)
    tokens = await session_of_client(service)
    successor = Tokens.of(await ask(service, TOKEN, secret, grant_type="refresh_token", refresh_token=tokens.refresh))
    for token in (tokens.refresh, successor.refresh):
        assert (await introspect(service, secret, token)).json()["active"] is True
    service.pass_replay_window()
    assert_inactive(await introspect(service, secret, tokens.refresh))


async def test_introspection_does_not_count_as_reuse(service: Service) -> None:
    """§2: introspection of an old refresh token does not change the session."""
    secret = await register(service)
    tokens = await session_of_client(service)
    form = {"grant_type": "refresh_token"}
    second = Tokens.of(await ask(service, TOKEN, secret, **form, refresh_token=tokens.refresh))
    service.pass_replay_window()
    before = await service.stored_session(tokens)
    assert_inactive(await introspect(service, secret, tokens.refresh))
    assert await service.stored_session(tokens) == before
    assert (await ask(service, TOKEN, secret, **form, refresh_token=second.refresh)).status == 200


@pytest.mark.parametrize("hint", ["access_token", "refresh_token", "unheard-of"])
async def test_token_type_hint_has_no_effect(service: Service, hint: str) -> None:
    """§2.1: a wrong or unknown hint does not matter."""
    secret = await register(service)
    tokens = await session_of_client(service)
    own = (await ask(service, TOKEN, secret, **CREDENTIALS)).json()["access_token"]
    for token in (own, tokens.refresh):
        assert (await introspect(service, secret, token, token_type_hint=hint)).json()["active"] is True


async def test_client_must_authenticate(service: Service, tokens: Tokens) -> None:
    """§2.1, §2.3: without authentication the response is 401, whatever the token is."""
    await register(service)
    assert error(await introspect(service, "wrong", tokens.access)) == (401, "invalid_client")
    assert error(await service.ask("POST", INTROSPECT, data={"token": tokens.access})) == (401, "invalid_client")


async def test_public_client_may_not_introspect(service: Service, tokens: Tokens) -> None:
    """§4: a client id alone is no authentication."""
    form = {"token": tokens.access, "client_id": "first-party"}
    assert error(await service.ask("POST", INTROSPECT, data=form)) == (400, "unauthorized_client")


async def test_token_is_required_in_a_form(service: Service, tokens: Tokens) -> None:
    """§2.1: the token must be in a form, not in the query and not in JSON."""
    secret = await register(service)
    assert error(await ask(service, INTROSPECT, secret)) == (400, "invalid_request")
    headers = basic("orders", secret)
    assert (await service.ask("GET", f"{INTROSPECT}?token={tokens.access}", headers=headers)).status == 405
    assert error(await service.ask("POST", INTROSPECT, json={"token": "x"}, headers=headers))[0] == 415


async def test_store_outage_gets_503(service: Service) -> None:
    """While the store is down, the response is an error, not "inactive"."""
    secret = await register(service)
    tokens = await session_of_client(service)
    service.sessions.down = True
    assert error(await introspect(service, secret, tokens.refresh)) == (503, "temporarily_unavailable")


async def test_introspection_has_a_rate_limit_per_client(start: Start) -> None:
    """Beyond the limit a client gets 429 with ``Retry-After``. Other clients are not affected."""
    service = await start(introspection_budget=RateLimit(2, 20))
    secret, others = await register(service), await register(service, "others")
    for _ in range(2):
        assert_inactive(await introspect(service, secret, "nonsense"))
    refused = await introspect(service, secret, "nonsense")
    assert error(refused) == (429, "too_many_attempts")
    assert_inactive(await ask(service, INTROSPECT, others, "others", token="nonsense"))  # noqa: S106  # no secret
    service.clock.advance(int(refused.headers["Retry-After"]))
    assert_inactive(await introspect(service, secret, "nonsense"))
