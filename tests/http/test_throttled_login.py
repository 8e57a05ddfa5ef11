"""Rate limits over HTTP: 429, ``Retry-After``, and known devices."""

import asyncio
import json

import pytest

from app.domain.rate_limits.rate_limit import RateLimit
from app.testing.builders import PASSWORD

from .conftest import Start
from .log_lines import LogLines
from .service import Answer, Service

LOGIN = {"username": "alice", "password": PASSWORD}


async def use_up(service: Service) -> Answer:
    """Send wrong passwords until the login is refused for its rate; return that response."""
    for _ in range(50):
        answer = await service.login("alice", "wrong")
        if answer.status == 429:
            return answer
    raise AssertionError


def device_token(answer: Answer) -> str:
    """Return the value of the cookie in a response."""
    return answer.headers["Set-Cookie"].partition(";")[0].partition("=")[2]


async def test_rate_limit_gets_429_with_retry_after(service: Service) -> None:
    """After ``Retry-After`` seconds a login works again."""
    refused = await use_up(service)
    assert refused.problem == (429, "too-many-attempts")
    assert refused.headers["Cache-Control"] == "no-store"
    service.clock.advance(int(refused.headers["Retry-After"]))
    assert (await service.login()).status == 200


async def test_device_cookie_attributes(service: Service) -> None:
    """Only this service gets the cookie, over TLS, for as long as the device is known."""
    cookie = (await service.login()).headers["Set-Cookie"]
    assert cookie.startswith("keyturn_device=")
    attributes = {each.strip() for each in cookie.split(";")[1:]}
    assert attributes == {"HttpOnly", "SameSite=Strict", "Path=/auth", "Secure", "Max-Age=15552000"}


async def test_device_cookie_without_tls(start: Start) -> None:
    """The cookie is not ``Secure``, because browsers would not store it."""
    service = await start(issuer="http://127.0.0.1:8080", device_ttl=60)
    cookie = (await service.login()).headers["Set-Cookie"]
    assert "Secure" not in cookie
    assert "Max-Age=60;" in cookie


@pytest.mark.parametrize("place", ["cookie", "member"])
async def test_known_device_can_sign_in_despite_the_limit(service: Service, place: str) -> None:
    """The device token may be in the cookie or in the body."""
    token = device_token(await service.login())
    await use_up(service)
    if place == "cookie":
        answer = await service.ask("POST", "/auth/login", json=LOGIN, headers={"Cookie": f"keyturn_device={token}"})
    else:
        answer = await service.login(device_token=token)
    assert answer.status == 200
    assert device_token(answer) != ""


@pytest.mark.parametrize("token", ["", "x", "\u00e9", "A" * 118, "a=b; c"])
async def test_malformed_device_token_is_ignored(service: Service, token: str) -> None:
    """The login is treated as one from an unknown device."""
    assert (await service.login(device_token=token)).status == 200
    await use_up(service)
    assert (await service.login(device_token=token)).status == 429


@pytest.mark.parametrize(
    "member", [{"device_token": 5}, {"return_device_token": "true"}, {"return_device_token": 1}], ids=str
)
async def test_members_about_devices_have_types(service: Service, member: dict[str, object]) -> None:
    """Another type is a field error."""
    answer = await service.ask("POST", "/auth/login", json={**LOGIN, **member})
    assert answer.problem == (400, "invalid-request")
    assert [each["field"] for each in answer.json()["errors"]] == list(member)


async def test_client_that_asks_for_it_keeps_the_device_token(start: Start, log: LogLines) -> None:
    """A page of another origin or a mobile client, which has no cookie, asks for the device token at each sign-in. With
    the token it signs in while strangers are refused, and gets a newer one. The log has none of them.
    """
    service = await start(cors_origins=("https://app.example",))
    page = {"Origin": "https://app.example"}
    asks = {**LOGIN, "return_device_token": True}
    first = await service.ask("POST", "/auth/login", json=asks, headers=page)
    kept = first.json()["device_token"]
    assert kept == device_token(first)
    service.clock.advance(60)
    await use_up(service)
    assert (await service.ask("POST", "/auth/login", json=asks, headers=page)).status == 429
    again = await service.ask("POST", "/auth/login", json={**asks, "device_token": kept}, headers=page)
    assert again.status == 200
    assert again.headers["Access-Control-Allow-Origin"] == "https://app.example"
    newer = again.json()["device_token"]
    assert newer != kept
    assert (await service.login(device_token=newer)).status == 200
    for token in (kept, newer):
        assert token not in log.text()


@pytest.mark.parametrize("members", [{}, {"return_device_token": False}, {"return_device_token": None}], ids=str)
async def test_nobody_else_gets_the_device_token_in_the_body(service: Service, members: dict[str, object]) -> None:
    """Without the question, scripts of the page cannot read the device token: only the cookie has it."""
    answer = await service.ask("POST", "/auth/login", json={**LOGIN, **members})
    assert "device_token" not in answer.json()
    assert device_token(answer)


async def test_device_token_of_the_body_counts(service: Service) -> None:
    """A client with a cookie of another user names its own device token in the body."""
    await service.create_user("bob")
    of_bob = device_token(await service.login("bob"))
    of_alice = device_token(await service.login())
    await use_up(service)
    cookie = {"Cookie": f"keyturn_device={of_bob}"}
    assert (await service.ask("POST", "/auth/login", json=LOGIN, headers=cookie)).status == 429
    body = {**LOGIN, "device_token": of_alice}
    assert (await service.ask("POST", "/auth/login", json=body, headers=cookie)).status == 200


async def test_password_change_makes_devices_unknown(service: Service) -> None:
    """A device token from before the change does not help."""
    first = await service.login()
    changed = await service.ask(
        "PUT",
        "/auth/password",
        token=first.json()["access_token"],
        json={"current_password": PASSWORD, "new_password": "another horse"},
    )
    assert changed.status == 204
    await use_up(service)
    assert (await service.login("alice", "another horse", device_token=device_token(first))).status == 429


async def test_refresh_has_a_rate_limit(start: Start) -> None:
    """The response is 429 with ``Retry-After``, and the token works after that time."""
    service = await start(refresh_budget=RateLimit(2, 20))
    tokens = await service.sign_in()
    for _ in range(2):
        tokens = await service.rotate(tokens)
    refused = await service.refresh(tokens.refresh)
    assert refused.problem == (429, "too-many-attempts")
    service.clock.advance(int(refused.headers["Retry-After"]))
    await service.rotate(tokens)
    assert (await service.refresh("nonsense")).problem == (401, "invalid-grant")


async def test_disconnect_cancels_a_waiting_login(service: Service) -> None:
    """A client that disconnects while its password waits for hashing frees its place."""
    waits, given_up = asyncio.Event(), asyncio.Event()

    async def wait_in_the_queue(*_: object, **__: object) -> str | None:
        waits.set()
        try:
            await asyncio.Event().wait()
        finally:
            given_up.set()
        return None

    service.container.password_hasher().verify = wait_in_the_queue  # type: ignore[method-assign]  # it never comes to an end
    body = json.dumps(LOGIN).encode()
    _, writer = await asyncio.open_connection(service.host, service.port)
    writer.write(
        b"POST /auth/login HTTP/1.1\r\nHost: keyturn\r\nContent-Type: application/json\r\n"
        b"Content-Length: %d\r\n\r\n%b" % (len(body), body)
    )
    async with asyncio.timeout(20):
        await waits.wait()
        writer.close()
        await given_up.wait()
