"""Throttling as a client meets it: 429, ``Retry-After``, and the device that is known."""

import asyncio
import json

import pytest

from app.domain.rate_limits.rate_limit import RateLimit
from app.testing.builders import PASSWORD

from .conftest import Start
from .service import Answer, Service

LOGIN = {"username": "alice", "password": PASSWORD}


async def use_up(service: Service) -> Answer:
    """Guess until that is refused; return the refusal."""
    for _ in range(50):
        answer = await service.login("alice", "wrong")
        if answer.status == 429:
            return answer
    raise AssertionError


def device(answer: Answer) -> str:
    """Return the value of the cookie that was set."""
    return answer.headers["Set-Cookie"].partition(";")[0].partition("=")[2]


async def test_the_refusal(service: Service) -> None:
    """429 with the seconds until it makes sense to come back, and then it does."""
    refused = await use_up(service)
    assert refused.problem == (429, "too-many-attempts")
    assert refused.headers["Cache-Control"] == "no-store"
    service.clock.advance(int(refused.headers["Retry-After"]))
    assert (await service.login()).status == 200


async def test_the_cookie(service: Service) -> None:
    """It is for this service's own pages alone, and lives as long as the device is known."""
    cookie = (await service.login()).headers["Set-Cookie"]
    assert cookie.startswith("keyturn_device=")
    attributes = {each.strip() for each in cookie.split(";")[1:]}
    assert attributes == {"HttpOnly", "SameSite=Strict", "Path=/auth", "Secure", "Max-Age=15552000"}


async def test_without_tls_the_cookie_is_not_secure(start: Start) -> None:
    """A browser would not keep it otherwise."""
    service = await start(issuer="http://127.0.0.1:8080", device_ttl=60)
    cookie = (await service.login()).headers["Set-Cookie"]
    assert "Secure" not in cookie
    assert "Max-Age=60;" in cookie


@pytest.mark.parametrize("shown", ["cookie", "member"])
async def test_a_known_device_gets_in(service: Service, shown: str) -> None:
    """With the cookie, or with its value as a member of the body."""
    token = device(await service.login())
    await use_up(service)
    if shown == "cookie":
        answer = await service.ask("POST", "/auth/login", json=LOGIN, headers={"Cookie": f"keyturn_device={token}"})
    else:
        answer = await service.login(device_token=token)
    assert answer.status == 200
    assert device(answer) != ""


@pytest.mark.parametrize("token", ["", "x", "\u00e9", "A" * 118, "a=b; c"])
async def test_a_malformed_device_token_is_as_none(service: Service, token: str) -> None:
    """It neither helps nor hinders."""
    assert (await service.login(device_token=token)).status == 200
    await use_up(service)
    assert (await service.login(device_token=token)).status == 429


async def test_a_device_token_is_a_string(service: Service) -> None:
    """What is none is an error of that field."""
    answer = await service.login(device_token=5)
    assert answer.problem == (400, "invalid-request")
    assert [each["field"] for each in answer.json()["errors"]] == ["device_token"]


async def test_a_new_password_forgets_the_device(service: Service) -> None:
    """After it the device is a stranger's."""
    first = await service.login()
    changed = await service.ask(
        "PUT",
        "/auth/password",
        token=first.json()["access_token"],
        json={"current_password": PASSWORD, "new_password": "another horse"},
    )
    assert changed.status == 204
    await use_up(service)
    assert (await service.login("alice", "another horse", device_token=device(first))).status == 429


async def test_a_throttled_refresh(start: Start) -> None:
    """429 with its time, and the token is good after it."""
    service = await start(refresh_budget=RateLimit(2, 20))
    tokens = await service.sign_in()
    for _ in range(2):
        tokens = await service.rotate(tokens)
    refused = await service.refresh(tokens.refresh)
    assert refused.problem == (429, "too-many-attempts")
    service.clock.advance(int(refused.headers["Retry-After"]))
    await service.rotate(tokens)
    assert (await service.refresh("nonsense")).problem == (401, "invalid-grant")


async def test_who_goes_away_gives_up_their_place(service: Service) -> None:
    """A client that disconnects while its password waits to be hashed cancels that."""
    waits, given_up = asyncio.Event(), asyncio.Event()

    async def wait_in_the_queue(*_: object, **__: object) -> bool:
        waits.set()
        try:
            await asyncio.Event().wait()
        finally:
            given_up.set()
        return True

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
