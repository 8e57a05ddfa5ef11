"""The guard for ASGI follows an issuer: its keys, its staleness, and its event loops."""

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import pytest

from app.adapters.guards.asgi_types import Message, Receive, Scope, Send
from app.adapters.keys.rsa_key import generate_rsa_key
from app.guard.asgi import RemoteAsgiGuard, check_fresh, principal, remote_guard
from app.testing.system import FakeClock
from tests.http.fake_issuer import FEED, JWKS, SID, FakeIssuer
from tests.http.fake_issuer import token as token_of
from tests.http.forgery import Forge
from tests.http.guarded_app import AUDIENCE
from tests.servers.ports import free_port

from .asgi_conversation import converse, scope

FORGE = Forge(generate_rsa_key(2048))


@pytest.fixture
async def issuer() -> AsyncIterator[FakeIssuer]:
    """Return a running issuer."""
    async with FakeIssuer(FORGE, FakeClock(float(int(time.time())))) as issuer:
        yield issuer


async def orders(scope: Scope, receive: Receive, send: Send) -> None:
    """Answer with the subject. ``/closed`` needs a fresh feed. It has no lifespan."""
    assert scope["type"] == "http"
    if scope["path"] == "/closed":
        check_fresh(scope)
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": principal(scope).subject.encode()})


def guard_of(issuer: FakeIssuer, **options: Any) -> RemoteAsgiGuard:
    """Return a guard that polls when the test says so."""
    return remote_guard(issuer=issuer.url, audience=AUDIENCE, clock=issuer.clock, **{"poll": 3_600, **options})


async def ask(protector: RemoteAsgiGuard, token: str, path: str = "/") -> tuple[int, dict[bytes, bytes]]:
    """Return the status and the headers of a response."""
    [start, _] = await converse(protector(orders), scope("http", path, (b"authorization", b"Bearer " + token.encode())))
    return start["status"], dict(start["headers"])


async def stop(protector: RemoteAsgiGuard) -> None:
    """Follow no longer."""
    assert protector.following is not None
    await protector.following.stop()


async def test_the_first_request_waits_for_the_keys_and_others_fetch_nothing(issuer: FakeIssuer) -> None:
    """On a server without a lifespan, twenty requests at once cause one fetch of the keys and one of the feed."""
    protector = guard_of(issuer)
    answers = await asyncio.gather(*(ask(protector, token_of(issuer)) for _ in range(20)))
    assert {status for status, _ in answers} == {200}
    assert (issuer.fetches[JWKS], issuer.fetches[FEED]) == (1, 1)
    assert protector.state().feed_is_stale is False
    await stop(protector)


async def test_unknown_keys_are_a_503() -> None:
    """While the issuer was never reached, the guard answers 503 and says when to try again."""
    protector = remote_guard(issuer=f"http://127.0.0.1:{free_port()}", audience=AUDIENCE)
    status, headers = await ask(protector, FORGE.token({}))
    assert (status, b"retry-after" in headers) == (503, True)
    await stop(protector)


@pytest.mark.parametrize(("closed", "expected"), [(False, 200), (True, 503)])
async def test_a_stale_feed_closes_what_is_closed(issuer: FakeIssuer, *, closed: bool, expected: int) -> None:
    """With the issuer stopped, requests go on, unless the guard or the handler is closed when the feed is stale."""
    protector, token = guard_of(issuer, closed_when_stale=closed), token_of(issuer)
    assert [(await ask(protector, token, path))[0] for path in ("/", "/closed")] == [200, 200]
    await issuer.stop()
    issuer.clock.advance(31)
    assert [(await ask(protector, token, path))[0] for path in ("/", "/closed")] == [expected, 503]
    await stop(protector)


async def test_a_revocation_is_heard(issuer: FakeIssuer) -> None:
    """After the next poll, the session is refused and its principal is not valid."""
    protector, seen = guard_of(issuer), []

    async def remember(scope: Scope, receive: Receive, send: Send) -> None:
        seen.append(principal(scope))

    good = (b"authorization", b"Bearer " + token_of(issuer).encode())
    await converse(protector(remember), scope("http", "/", good))
    assert protector.is_valid(seen[0])
    issuer.feed["revoked"] = {SID: int(issuer.clock.now())}
    issuer.clock.advance(2)
    await protector._follower.poll_feed()
    assert not protector.is_valid(seen[0])
    assert (await ask(protector, token_of(issuer)))[0] == 401
    await stop(protector)


async def test_the_lifespan_follows_and_stops(issuer: FakeIssuer) -> None:
    """The keys are there before the server accepts, and no task is left after the stop."""
    protector, before = guard_of(issuer), asyncio.all_tasks()
    messages: list[Callable[[], Awaitable[Message]]] = []

    async def startup() -> Message:
        return {"type": "lifespan.startup"}

    async def shutdown() -> Message:
        assert issuer.fetches[JWKS] == 1
        assert (await ask(protector, token_of(issuer)))[0] == 200
        return {"type": "lifespan.shutdown"}

    messages += [startup, shutdown]

    async def receive() -> Message:
        return await messages.pop(0)()

    async def send(message: Message) -> None:
        assert message["type"].endswith(".complete")

    await protector(orders)({"type": "lifespan"}, receive, send)
    assert asyncio.all_tasks() == before


def test_each_loop_can_follow_in_its_turn() -> None:
    """A test client has a loop for each request: the next one starts to follow again."""
    port = free_port()
    protector = remote_guard(issuer=f"http://127.0.0.1:{port}", audience=AUDIENCE)
    for _ in range(2):
        status, _headers = asyncio.run(ask(protector, FORGE.token({})))
        assert status == 503
