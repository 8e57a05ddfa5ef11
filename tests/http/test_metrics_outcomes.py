"""Metrics of outcomes: what clients do, read from the metrics port."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import replace
from typing import Any

import pytest

from app.adapters.keys.rsa_key import generate_rsa_key
from app.adapters.memory.clients import MemoryClientRepository
from app.domain.clients.client import GrantType
from app.domain.identifiers import ClientId
from app.domain.sessions import ratchet
from app.testing.builders import PASSWORD, refresh_token, session_of
from app.testing.system import NOW

from .conftest import Start
from .forgery import Forge, claims_of, segment
from .oauth import CREDENTIALS, TOKEN, ask, register
from .service import Service, Tokens

Act = Callable[[Service, Tokens], Awaitable[object]]


@pytest.fixture
async def service(start: Start) -> Service:
    """Return a service with metrics."""
    return await start(metrics_port=0)


async def _reuse(service: Service, tokens: Tokens) -> None:
    await service.rotate(tokens)
    service.pass_replay_window()
    await service.refresh(tokens.refresh)


async def _untraced(service: Service, tokens: Tokens) -> None:
    await service.rotate(await service.rotate(tokens))
    await service.forget_replaced_digests(tokens)
    await service.refresh(tokens.refresh)


async def _log_out_and_refresh(service: Service, tokens: Tokens) -> None:
    await service.ask("POST", "/auth/logout", token=tokens.access)
    await service.refresh(tokens.refresh)


async def _foreign(service: Service, _: Tokens) -> None:
    token = refresh_token()
    await service.store_session(session_of(token, client_id=ClientId("other"), expires_at=NOW + 600))
    await service.refresh(ratchet.encode(token))


async def _lose_a_race(service: Service, tokens: Tokens) -> None:
    policy = service.container.settings().session_policy
    service.container.session_lookup()._policy = replace(policy, replay_window=0)
    service.sessions.let_readers_meet(2)
    await asyncio.gather(*(service.refresh(tokens.refresh) for _ in range(2)))


async def _without_its_client(service: Service, tokens: Tokens) -> None:
    class NoClients(MemoryClientRepository):
        async def find(self, client_id: ClientId) -> None:
            """Return None, as if every client was removed."""

    service.container.rotation()._clients = NoClients()
    # The first-party client is never removed, so the OpenAPI document does not describe this answer.
    async with service._client.request("POST", "/auth/refresh", json={"refresh_token": tokens.refresh}) as response:
        assert response.status == 401


async def _as_a_client(service: Service, _: Tokens) -> None:
    answer = await ask(service, TOKEN, await register(service), **CREDENTIALS)
    assert answer.status == 200


NO_CHANGES: Mapping[str, Any] = {}
ONLY_REFRESH = {"grants": frozenset({GrantType.REFRESH_TOKEN})}
ONLY_CREDENTIALS = {"grants": frozenset({GrantType.CLIENT_CREDENTIALS})}


def _asking(client: Mapping[str, Any] = NO_CHANGES, **form: str) -> Act:
    async def act(service: Service, _: Tokens) -> None:
        secret = await register(service, **client)
        answer = await ask(service, TOKEN, secret, **{**CREDENTIALS, **form})
        assert 400 <= answer.status < 500

    return act


async def _with_a_wrong_secret(service: Service, _: Tokens) -> None:
    await register(service)
    assert (await ask(service, TOKEN, "wrong", **CREDENTIALS)).status == 401


async def _unknown_client(service: Service, _: Tokens) -> None:
    assert (await ask(service, TOKEN, "secret", client_id="nobody", **CREDENTIALS)).status == 401


TOKENS: dict[str, tuple[str, str, Act]] = {
    "issued": ("issued", "", lambda service, _: service.login()),
    "issued to a client": ("issued", "", _as_a_client),
    "refreshed": ("refreshed", "", lambda service, tokens: service.refresh(tokens.refresh)),
    "reuse": ("reuse", "", _reuse),
    "malformed": ("refused", "unknown", lambda service, _: service.refresh("no token")),
    "unknown": ("refused", "unknown", lambda service, _: service.refresh(ratchet.encode(refresh_token()))),
    "dead session": ("refused", "dead_session", _log_out_and_refresh),
    "untraced": ("refused", "untraced", _untraced),
    "foreign client": ("refused", "foreign_client", _foreign),
    "lost race": ("refused", "lost_race", _lose_a_race),
    "scope": ("refused", "invalid_scope", lambda service, tokens: service.refresh(tokens.refresh, scope="more")),
    "client": ("refused", "invalid_client", _without_its_client),
    "unknown client": ("refused", "invalid_client", _unknown_client),
    "wrong secret": ("refused", "invalid_client", _with_a_wrong_secret),
    "scope of a client": ("refused", "invalid_scope", _asking(scope="bank")),
    "audience": ("refused", "invalid_target", _asking(audience="bank")),
    "grant not allowed": ("refused", "unauthorized_client", _asking(ONLY_REFRESH)),
    "refresh not allowed": ("refused", "unauthorized_client", _asking(ONLY_CREDENTIALS, grant_type="refresh_token")),
    "unknown grant": ("refused", "unsupported_grant_type", _asking(grant_type="password")),
    "no grant": ("refused", "invalid_request", _asking(grant_type="")),
    "no refresh token": ("refused", "invalid_request", _asking(grant_type="refresh_token")),
    "refresh of a client": ("refused", "unknown", _asking(grant_type="refresh_token", refresh_token="no token")),  # noqa: S106  # it is none
}


@pytest.mark.parametrize(("outcome", "reason", "act"), TOKENS.values(), ids=TOKENS)
async def test_the_outcome_of_a_token_request(
    service: Service, tokens: Tokens, outcome: str, reason: str, act: Act
) -> None:
    """A request for tokens is counted once, with its outcome and reason."""
    before = (await service.metrics()).value("tokens_total", outcome=outcome, reason=reason) or 0
    await act(service, tokens)
    metrics = await service.metrics()
    assert metrics.value("tokens_total", outcome=outcome, reason=reason) == before + 1
    assert outcome != "refused" or metrics.total("tokens_total", outcome="refused") == 1


async def test_a_replay(service: Service, tokens: Tokens) -> None:
    """A token that is presented twice counts as one refresh and one replay."""
    await service.rotate(tokens)
    await service.rotate(tokens)
    metrics = await service.metrics()
    assert metrics.value("tokens_total", outcome="refreshed", reason="") == 1
    assert metrics.value("tokens_total", outcome="replayed", reason="") == 1
    assert metrics.total("tokens_total") == 3


async def _disabled(service: Service, _: Tokens) -> None:
    service.change_user(await service.create_user("bob"), disabled=True)
    await service.login("bob")


LOGINS: dict[str, tuple[str, str, Act]] = {
    "good": ("succeeded", "", lambda service, _: service.login()),
    "unknown": ("refused", "unknown_user", lambda service, _: service.login("nobody")),
    "wrong": ("refused", "wrong_password", lambda service, _: service.login(password="wrong")),  # noqa: S106  # it is wrong
    "disabled": ("refused", "disabled_user", _disabled),
}


@pytest.mark.parametrize(("outcome", "reason", "act"), LOGINS.values(), ids=LOGINS)
async def test_the_outcome_of_a_sign_in(service: Service, tokens: Tokens, outcome: str, reason: str, act: Act) -> None:
    """A sign-in is counted once, with its outcome and reason."""
    before = (await service.metrics()).value("logins_total", outcome=outcome, reason=reason) or 0
    await act(service, tokens)
    metrics = await service.metrics()
    assert metrics.value("logins_total", outcome=outcome, reason=reason) == before + 1
    assert metrics.total("logins_total") == 2


async def _end_one(service: Service, tokens: Tokens) -> None:
    sid = segment(tokens.access, 1)["sid"]
    await service.ask("DELETE", f"/auth/sessions/{sid}", token=tokens.access)


async def _change_password(service: Service, tokens: Tokens) -> None:
    other = await service.sign_in()
    passwords = {"current_password": PASSWORD, "new_password": "staple battery"}
    assert (await service.ask("PUT", "/auth/password", token=other.access, json=passwords)).status == 204


async def _administer(service: Service, method: str, path: str) -> None:
    await service.create_user("root", scope="account keyturn:admin")
    admin = await service.sign_in("root")
    assert (await service.ask(method, path, token=admin.access)).status < 300


async def _disable(service: Service, tokens: Tokens) -> None:
    await _administer(service, "POST", f"/admin/users/{segment(tokens.access, 1)['sub']}/disable")


async def _end_anothers(service: Service, tokens: Tokens) -> None:
    claims = segment(tokens.access, 1)
    await _administer(service, "DELETE", f"/admin/users/{claims['sub']}/sessions/{claims['sid']}")


REVOCATIONS: dict[str, Act] = {
    "logout": lambda service, tokens: service.ask("POST", "/auth/logout", token=tokens.access),
    "ended_by_user": _end_one,
    "ended_by_admin": _end_anothers,
    "reuse": _reuse,
    "password_changed": _change_password,
    "user_disabled": _disable,
}


@pytest.mark.parametrize(("reason", "act"), REVOCATIONS.items(), ids=REVOCATIONS)
async def test_the_end_of_a_session(service: Service, tokens: Tokens, reason: str, act: Act) -> None:
    """A revoked session is counted once, with its reason."""
    await act(service, tokens)
    metrics = await service.metrics()
    assert metrics.value("sessions_revoked_total", reason=reason) == 1
    assert metrics.total("sessions_revoked_total") == 1


async def _expired(service: Service, tokens: Tokens) -> None:
    service.clock.advance(3_600)
    await service.me(tokens.access)


async def _revoked(service: Service, tokens: Tokens) -> None:
    await service.ask("POST", "/auth/logout", token=tokens.access)
    await service.me(tokens.access)


async def _unscoped(service: Service, _: Tokens) -> None:
    tokens = await service.sign_in(scope="orders:read")
    await service.ask("GET", "/auth/sessions", token=tokens.access)


def _changed(**claims: object) -> Callable[[Forge], Act]:
    return lambda forge: lambda service, tokens: service.me(forge.token(claims_of(tokens.access, **claims)))


def _signed_by_another(forge: Forge) -> Act:
    other = Forge(generate_rsa_key(2048))
    return lambda service, tokens: service.me(other.token(claims_of(tokens.access), kid=forge.kid))


REFUSALS: dict[str, Callable[[Forge], Act]] = {
    "missing": lambda _: lambda service, _: service.ask("GET", "/auth/me"),
    "malformed": lambda _: lambda service, _: service.me("rubbish"),
    "unknown_key": lambda forge: lambda service, tokens: service.me(forge.token(claims_of(tokens.access), kid="other")),
    "bad_signature": _signed_by_another,
    "expired": lambda _: _expired,
    "not_yet_valid": _changed(iat=int(NOW) + 600, exp=int(NOW) + 900),
    "wrong_issuer": _changed(iss="https://other.example"),
    "wrong_audience": _changed(aud="other"),
    "revoked": lambda _: _revoked,
    "insufficient_scope": lambda _: _unscoped,
}


@pytest.mark.parametrize(("reason", "act"), REFUSALS.items(), ids=REFUSALS)
async def test_a_refusal_of_the_guard(
    service: Service, tokens: Tokens, forge: Forge, reason: str, act: Callable[[Forge], Act]
) -> None:
    """A refusal of the guard is counted once, with its reason."""
    await service.me(tokens.access)
    await act(forge)(service, tokens)
    metrics = await service.metrics()
    assert metrics.value("access_refusals_total", reason=reason) == 1
    assert metrics.total("access_refusals_total") == 1
