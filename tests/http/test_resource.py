"""``resource``: a sign-in and a refresh choose the audiences of the access token (RFC 8707)."""

from typing import Any
from urllib.parse import urlencode

import pytest

from app.domain.audit.events import ClientTokenIssued, LoginSucceeded
from app.domain.clients.client import GrantType

from .conftest import Start
from .forgery import segment
from .oauth import CREDENTIALS, INTROSPECT, TOKEN, ask, basic, error, register
from .service import Service, Tokens

ORDERS = "https://orders.example/"
STOCK = "stock"
AUDIENCES = ("keyturn", ORDERS, STOCK)
FORM = {"Content-Type": "application/x-www-form-urlencoded"}
REFRESH = {"grant_type": "refresh_token", "client_id": "first-party"}


@pytest.fixture
async def service(start: Start) -> Service:
    """Return a service with three audiences. The first is its own."""
    return await start(audience=AUDIENCES)


def aud(token: str) -> Any:
    """Return the ``aud`` of an access token."""
    return segment(token, 1)["aud"]


async def test_login_takes_one_resource_or_several(service: Service) -> None:
    """The access token is for the named audiences, or for all. One is a string, several are an array."""
    for members, expected in (
        ({}, list(AUDIENCES)),
        ({"resource": None}, list(AUDIENCES)),
        ({"resource": ORDERS}, ORDERS),
        ({"resource": [STOCK]}, STOCK),
        ({"resource": [STOCK, ORDERS, STOCK]}, [STOCK, ORDERS]),
    ):
        assert aud(Tokens.of(await service.login(**members)).access) == expected


async def test_refresh_stays_within_the_session(service: Service) -> None:
    """Both routes narrow the access token to some of the session's audiences, and refuse others without a change."""
    tokens = Tokens.of(await service.login(resource=[ORDERS, STOCK]))
    assert (await service.refresh(tokens.refresh, resource="keyturn")).problem == (400, "invalid-target")
    form = {**REFRESH, "refresh_token": tokens.refresh, "resource": "keyturn"}
    assert error(await service.ask("POST", TOKEN, data=form)) == (400, "invalid_target")
    narrow = Tokens.of(await service.refresh(tokens.refresh, resource=ORDERS))
    assert aud(narrow.access) == ORDERS
    both = [("resource", STOCK), ("audience", ORDERS), ("refresh_token", narrow.refresh), *REFRESH.items()]
    second = Tokens.of(await service.ask("POST", TOKEN, data=urlencode(both), headers=FORM))
    assert aud(second.access) == [STOCK, ORDERS]
    assert aud((await service.rotate(second)).access) == [ORDERS, STOCK]


@pytest.mark.parametrize(
    "resource", ["https://bank.example/", ORDERS + "#part", "#", f"{ORDERS} stock", "Stock", "s" * 9_000]
)
async def test_unknown_resource_is_an_invalid_target(service: Service, resource: str) -> None:
    """A resource that is no audience, such as one with a fragment (RFC 8707 §2), is refused and not repeated."""
    tokens = Tokens.of(await service.login())
    for asked in (resource, [STOCK, resource]):
        login = await service.login(resource=asked)
        assert login.problem == (400, "invalid-target")
        assert resource not in login.json()["detail"]
        assert (await service.refresh(tokens.refresh, resource=asked)).problem == (400, "invalid-target")
    assert len(service.sessions.repository._sessions) == 1
    await service.rotate(tokens)


@pytest.mark.parametrize(
    "resource", ["", [], [""], [[]], [None], [STOCK, 1], 1, True, {}, {"0": STOCK}, [STOCK] * 21, ["s"] * 3_000]
)
async def test_resource_of_another_form_is_an_invalid_request(service: Service, resource: object) -> None:
    """An empty resource, too many and another type are refused, and the error names the member."""
    tokens = Tokens.of(await service.login())
    for answer in (await service.login(resource=resource), await service.refresh(tokens.refresh, resource=resource)):
        assert answer.problem == (400, "invalid-request")
        assert [each["field"] for each in answer.json()["errors"]] == ["resource"]
    await service.rotate(tokens)


async def test_body_with_ten_thousand_resources_is_too_large(service: Service) -> None:
    """Such a body has more than 16 KiB, as JSON and as a form. The token still works."""
    tokens = Tokens.of(await service.login())
    many = [STOCK] * 10_000
    assert (await service.refresh(tokens.refresh, resource=many)).problem[0] == 413
    form = [*REFRESH.items(), ("refresh_token", tokens.refresh), *(("resource", each) for each in many)]
    assert (await service.ask("POST", TOKEN, data=urlencode(form), headers=FORM)).status == 413
    assert error(await service.ask("POST", TOKEN, data=urlencode(form[:24]), headers=FORM)) == (400, "invalid_request")
    await service.rotate(tokens)


async def test_empty_parameter_of_a_form_counts_as_missing(service: Service) -> None:
    """``resource=`` in a form names nothing (RFC 6749 §3.2). A member of a JSON body may occur once."""
    tokens = Tokens.of(await service.login())
    form = [*REFRESH.items(), ("refresh_token", tokens.refresh), ("resource", ""), ("resource", STOCK)]
    narrow = await service.ask("POST", TOKEN, data=urlencode(form), headers=FORM)
    assert aud(narrow.json()["access_token"]) == STOCK
    body = f'{{"refresh_token": "{tokens.refresh}", "resource": "stock", "resource": "stock"}}'
    answer = await service.ask("POST", "/auth/refresh", data=body, headers={"Content-Type": "application/json"})
    assert answer.problem == (400, "invalid-request")


async def test_own_routes_accept_the_first_audience_only(service: Service) -> None:
    """A token for other services opens no account and no administration, but it can sign out."""
    await service.create_user("root", scope="account keyturn:admin")
    for resource, status in ((None, 200), (["keyturn"], 200), ([STOCK, "keyturn"], 200), ([STOCK, ORDERS], 401)):
        tokens = Tokens.of(await service.login("root", resource=resource))
        for path in ("/auth/me", "/auth/sessions", "/admin/clients"):
            assert (await service.ask("GET", path, token=tokens.access)).status == status
    assert (await service.ask("POST", "/auth/logout", token=tokens.access)).status == 204
    assert (await service.refresh(tokens.refresh)).problem == (401, "invalid-grant")


async def test_events_name_the_audience(service: Service) -> None:
    """The events of a sign-in and of a client's token have the audiences of the token."""
    await service.login()
    await service.login(resource=[STOCK, ORDERS])
    secret = await register(service, audiences=(ORDERS, "mail"), grants=frozenset({GrantType.CLIENT_CREDENTIALS}))
    await ask(service, TOKEN, secret, **CREDENTIALS, resource="mail")
    named = [each.audience for each in service.audit.events if isinstance(each, LoginSucceeded | ClientTokenIssued)]
    assert named == [f"keyturn {ORDERS} stock", f"stock {ORDERS}", "mail"]


async def test_introspection_shows_the_audience(service: Service) -> None:
    """A service introspects tokens that are for it among others. A refresh token shows what the sign-in chose."""
    secret = await register(service, "stock", introspects=(STOCK,))
    for resource, active in ((None, True), ([ORDERS, STOCK], True), (ORDERS, False)):
        tokens = Tokens.of(await service.login(resource=resource))
        shown = await ask(service, INTROSPECT, secret, "stock", token=tokens.access)
        assert shown.json()["active"] is active
        assert shown.json().get("aud") == (aud(tokens.access) if active else None)
    owner = await register(service, "owner")
    session = await service.stored_session(tokens)
    for audience, expected in (((), None), ((STOCK,), STOCK), ((STOCK, ORDERS), [STOCK, ORDERS])):
        await service.change_session(tokens, client_id="owner", audience=audience)
        answer = await service.ask("POST", INTROSPECT, data={"token": tokens.refresh}, headers=basic("owner", owner))
        assert (answer.json()["sub"], answer.json().get("aud")) == (session.subject, expected)


async def test_metadata_lists_audiences_that_are_https_urls(start: Start, service: Service) -> None:
    """They can be identifiers of protected resources (RFC 9728 §1.2). Without one, the member is absent."""
    path = "/.well-known/oauth-authorization-server"
    assert (await service.ask("GET", path)).json()["protected_resources"] == [ORDERS]
    other = await start(audience=("keyturn", "http://a.example"))
    assert "protected_resources" not in (await other.ask("GET", path)).json()
