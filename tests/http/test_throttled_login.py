"""Rate limits over HTTP: 429, ``Retry-After``, and known devices."""

import asyncio
import json

import pytest

from app.domain.rate_limits.rate_limit import RateLimit
from app.testing.builders import PASSWORD

from .conftest import Start
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


async def test_device_token_must_be_a_string(service: Service) -> None:
    """Another type is a field error."""
    answer = await service.login(device_token=5)
    assert answer.problem == (400, "invalid-request")
    assert [each["field"] for each in answer.json()["errors"]] == ["device_token"]


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
