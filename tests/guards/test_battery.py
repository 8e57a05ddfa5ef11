"""Every guard gives the same verdicts on the battery of attacks, over real servers."""

import asyncio
import time
from asyncio import StreamReader
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from typing import Final

import pytest

from app.adapters.keys.rsa_key import generate_rsa_key
from app.domain import base64url
from app.testing.system import FakeClock
from tests.http.fake_issuer import FEED, JWKS, SID, FakeIssuer
from tests.http.forgery import Forge
from tests.http.guarded_app import claims

from .applications import SECRET, WRITE
from .attacks import CUT_OFF_SECONDS, GUARDED_PATHS, REVOKED_SID, Keys, attacks, bearer
from .drivers import ADAPTERS, Adapter, Driver, running

OTHER_SID: Final = base64url.encode(b"another session!")
_LEAST_ATTACKS: Final = 150
_REVOCATION_SECONDS: Final = 5.0
_PATIENCE: Final = 30.0
_CLOSE: Final = 0x88
"""The first byte of a frame that closes a WebSocket (RFC 6455 §5.2)."""


@pytest.fixture(scope="module")
def keys() -> Keys:
    """Return the keys of all attacks."""
    return Keys(*(Forge(generate_rsa_key(2048)) for _ in range(3)))


@pytest.fixture
async def issuer(keys: Keys) -> AsyncIterator[FakeIssuer]:
    """Return an issuer that has dropped a key, revoked a session, and has a cut-off."""
    now = int(time.time())
    async with FakeIssuer(keys.issuer, FakeClock(float(now))) as issuer:
        issuer.forges.append(keys.dropped)
        issuer.feed = {
            "keys": [keys.issuer.kid],
            "dropped": [keys.dropped.kid],
            "revoked": {REVOKED_SID: now},
            "cut_off": now - CUT_OFF_SECONDS,
        }
        yield issuer


@pytest.mark.parametrize("adapter", ADAPTERS, ids=str)
async def test_the_battery(adapter: Adapter, keys: Keys, issuer: FakeIssuer) -> None:
    """All attacks get their verdicts, and nothing causes a network call. Then a session ends within 5 seconds, and the
    guard goes on while the issuer is away.
    """
    good = bearer(keys.issuer.token(claims(iss=issuer.url)))
    other = bearer(keys.issuer.token(claims(iss=issuer.url, sid=OTHER_SID, scope=WRITE)))
    async with running(adapter, issuer.url) as driver:
        assert b"alice-subject" in (await driver.ask(b"/orders", good)).body
        begun, before = time.monotonic(), issuer.fetches.copy()
        await _check_verdicts(driver, adapter, keys, issuer)
        await _check_paths_and_scopes(driver, good, other)
        await _check_sockets(driver, adapter, good)
        assert (await driver.ask(b"/orders", good)).status == 200
        _check_fetches(issuer, before, time.monotonic() - begun)
        async with AsyncExitStack() as stack:
            lasting = await _open_lasting(stack, driver, good) if adapter.has_streams else []
            await _check_that_a_session_ends(driver, issuer, good)
            await _check_that_lasting_end(lasting)
        await issuer.stop()
        assert [(await driver.ask(b"/orders", each)).status for each in (good, other)] == [401, 200]


async def _check_verdicts(driver: Driver, adapter: Adapter, keys: Keys, issuer: FakeIssuer) -> None:
    table = attacks(keys, issuer.url)
    assert len(table) >= _LEAST_ATTACKS
    wrong = {}
    for attack in table:
        reply = await driver.ask(b"/orders", attack.headers)
        if adapter.joins_headers and reply.status == 400 and any(b"," in line for line in attack.headers):
            continue
        is_problem = reply.status != 401 or reply.media_type.startswith("application/problem+json")
        if reply.status not in attack.statuses or attack.challenge not in reply.challenge or not is_problem:
            wrong[attack.name] = reply
    assert wrong == {}, "\n".join(f"{name}: {reply}" for name, reply in wrong.items())


async def _check_paths_and_scopes(driver: Driver, good: tuple[bytes], writer: tuple[bytes]) -> None:
    for target in (b"/welcome", b"/open/page"):
        assert (await driver.ask(target)).body == b"welcome"
    for target in GUARDED_PATHS:
        for method in (b"GET", b"POST", b"OPTIONS", b"HEAD", b"get"):
            reply = await driver.ask(target, method=method)
            assert SECRET.encode() not in reply.body, (target, reply)
            assert reply.status < 500, (target, reply)
    refused = await driver.ask(b"/orders", (*good, b"Content-Length: 0"), b"POST")
    assert (refused.status, f'scope="{WRITE}"' in refused.challenge) == (403, True), refused
    assert refused.media_type == "application/problem+json"
    assert (await driver.ask(b"/orders", (*writer, b"Content-Length: 0"), b"POST")).status == 200


async def _check_sockets(driver: Driver, adapter: Adapter, good: tuple[bytes]) -> None:
    if not adapter.sockets:
        return
    refused = await driver.open_socket(b"/echo")
    assert refused.status == adapter.sockets
    assert refused.challenge == "Bearer"
    assert (await driver.open_socket(b"/echo", good)).status == 101


def _check_fetches(issuer: FakeIssuer, before: dict[str, int], seconds: float) -> None:
    """Check that the fetches are those of the clock: a poll every 2 seconds, and keys for an unknown ``kid``."""
    fetched = {path: count - before.get(path, 0) for path, count in issuer.fetches.items()}
    assert fetched.pop(FEED, 0) <= 1 + seconds / 2
    assert fetched.pop(JWKS, 0) <= 1 + seconds / 10
    assert not any(fetched.values())


async def _open_lasting(stack: AsyncExitStack, driver: Driver, token: tuple[bytes]) -> list[StreamReader]:
    """Open a WebSocket and a stream. Check that the stream has begun."""
    socket = await stack.enter_async_context(driver.held(b"/echo", token, socket=True))
    stream = await stack.enter_async_context(driver.held(b"/stream", token, socket=False))
    async with asyncio.timeout(_PATIENCE):
        assert b"tick" in await stream.readuntil(b"tick")
    return [socket, stream]


async def _check_that_lasting_end(lasting: list[StreamReader]) -> None:
    """Check that the socket is closed with a code that says why, and that the stream is cut, not completed."""
    if not lasting:
        return
    socket, stream = lasting
    async with asyncio.timeout(_PATIENCE):
        frame = await socket.readexactly(4)
        assert (frame[0], int.from_bytes(frame[2:])) == (_CLOSE, 1008)
        assert not (await stream.read()).endswith(b"0\r\n\r\n")


async def _check_that_a_session_ends(driver: Driver, issuer: FakeIssuer, token: tuple[bytes]) -> None:
    issuer.clock.time = time.time()
    issuer.feed = {**issuer.feed, "revoked": {SID: int(time.time()), REVOKED_SID: int(issuer.clock.now()) - 60}}
    async with asyncio.timeout(_PATIENCE):
        while (await driver.ask(b"/orders", token)).status == 200:  # noqa: ASYNC110  # only polling shows it
            await asyncio.sleep(0.1)
    assert "revoked" in (await driver.ask(b"/orders", token)).challenge
