"""The guard for gRPC, on a real server: the battery of attacks, all kinds of methods, and streams that end."""

import asyncio
import time
from collections.abc import AsyncIterator
from typing import Any, Final

import grpc
import grpc.aio
import pytest

from app.adapters.guards.public_methods import PublicMethods
from app.adapters.keys.rsa_key import generate_rsa_key
from app.guard.grpc import remote_guard, requires
from app.testing import TestIssuer
from app.testing.system import FakeClock
from tests.http.fake_issuer import FEED, JWKS, SID, FakeIssuer
from tests.http.forgery import Forge
from tests.http.guarded_app import AUDIENCE, claims

from .attacks import CUT_OFF_SECONDS, REVOKED_SID, Keys, attacks
from .grpc_service import SECRET, WRITE, Answer, bearer, call, serving

_OK, _STRANGER = grpc.StatusCode.OK, grpc.StatusCode.UNAUTHENTICATED
_DENIED, _UNAVAILABLE = grpc.StatusCode.PERMISSION_DENIED, grpc.StatusCode.UNAVAILABLE
_PUBLIC: Final = ("/orders.Orders/Welcome", "/open.Service/*")
_PATIENCE: Final = 60.0
_LEAST_SENT: Final = 190
"""A client of gRPC sends no bytes that are no metadata, so that a few attacks are left out."""


@pytest.fixture(scope="module")
def keys() -> Keys:
    """Return three keys."""
    return Keys(*(Forge(generate_rsa_key(2048)) for _ in range(3)))


@pytest.fixture
async def issuer(keys: Keys) -> AsyncIterator[FakeIssuer]:
    """Return a running issuer with a dropped key, a revoked session and a cut-off."""
    now = int(time.time())
    async with FakeIssuer(keys.issuer, FakeClock(float(now))) as issuer:
        issuer.forges.append(keys.dropped)
        revoked, cut_off = {REVOKED_SID: now}, now - CUT_OFF_SECONDS
        kids = {"keys": [keys.issuer.kid], "dropped": [keys.dropped.kid]}
        issuer.feed = {**kids, "revoked": revoked, "cut_off": cut_off}
        yield issuer


def _metadata(lines: tuple[bytes, ...]) -> tuple[tuple[str, str], ...] | None:
    """Return header lines as metadata; ``None`` if gRPC sends no such bytes."""
    pairs = [line.partition(b":")[::2] for line in lines]
    if not all(name.isalnum() and value.isascii() and value.decode().isprintable() for name, value in pairs):
        return None
    return tuple((name.decode().lower(), value.decode().strip(" ")) for name, value in pairs)


async def test_the_battery(keys: Keys, issuer: FakeIssuer) -> None:
    """All attacks are UNAUTHENTICATED, with the challenge that HTTP gives. No call causes a fetch. A session that ends
    at the issuer is refused, its stream ends, and the guard goes on while the issuer is away.
    """
    good = bearer(keys.issuer.token(claims(iss=issuer.url)))
    other = bearer(keys.issuer.token(claims(iss=issuer.url, sid="BBBBBBBBBBBBBBBBBBBBBA")))
    async with serving(remote_guard(issuer=issuer.url, audience=AUDIENCE, public=_PUBLIC, poll=0.2)) as channel:
        assert await call(channel, "Unary", good) == Answer(_OK, (SECRET + b"alice-subject",))
        begun, before = time.monotonic(), issuer.fetches.copy()
        wrong, sent = {}, 0
        for attack in attacks(keys, issuer.url):
            metadata = _metadata(attack.headers)
            if metadata is not None:
                sent += 1
                answer = await call(channel, "Unary", metadata)
                if answer[:2] != (_STRANGER, ()) or attack.challenge not in answer.challenge:
                    wrong[attack.name] = answer
        assert wrong == {}
        assert sent >= _LEAST_SENT
        seconds = time.monotonic() - begun
        fetched = {path: count - before.get(path, 0) for path, count in issuer.fetches.items()}
        assert fetched.pop(FEED, 0) <= 1 + seconds / 0.2
        assert fetched.pop(JWKS, 0) <= 1 + seconds / 10
        assert not any(fetched.values())
        streaming = asyncio.create_task(call(channel, "Downstream", good))
        await asyncio.sleep(0)
        issuer.feed = {**issuer.feed, "revoked": {SID: int(time.time())}}
        async with asyncio.timeout(_PATIENCE):
            ended = await streaming
        assert (ended.code, "revoked" in ended.details) == (_STRANGER, True)
        assert (await call(channel, "Unary", good)).code == _STRANGER
        await issuer.stop()
        assert (await call(channel, "Unary", other)).code == _OK


async def test_each_kind_of_method_is_guarded() -> None:
    """Strangers get nothing from any method, even one that nobody thought of or that does not exist. They get their
    answer although they send no message.
    """
    issuer = TestIssuer()
    token = bearer(issuer.token("alice", scope="orders:read"))
    async with serving(issuer.grpc_guard(public=_PUBLIC)) as channel:
        for method in (
            "Unary",
            "Forgotten",
            "Downstream",
            "Upstream",
            "Both",
            "OnThread",
            "StreamsOnThread",
            "Nothing",
        ):
            for upstream in (False, True):
                assert (await call(channel, method, upstream=upstream))[:3] == (_STRANGER, (), "Bearer"), method
        assert await call(channel, "Welcome") == Answer(_OK, (b"welcome",))
        assert (await call(channel, "Nothing", token)).code == grpc.StatusCode.UNIMPLEMENTED
        assert (await call(channel, "Upstream", token)).messages == (b"requestalice",)
        assert (await call(channel, "Both", token)).messages == (b"requestalice",)
        assert (await call(channel, "OnThread", token)).messages == (SECRET + b"alice",)
        assert (await call(channel, "StreamsOnThread", token)).messages == (b"alice", b"alice")
        assert (await call(channel, "Broken", token)).code == grpc.StatusCode.UNKNOWN


async def test_scopes() -> None:
    """A method that is marked refuses a token without the scope, whatever its kind, and names the scope."""
    issuer = TestIssuer()
    reader, writer = (bearer(issuer.token(scope=scope)) for scope in ("orders:read", f"orders:read {WRITE}"))
    async with serving(issuer.grpc_guard()) as channel:
        for method in ("Write", "MarkedStream", "MarkedOnThread"):
            refused = await call(channel, method, reader)
            assert refused[:2] == (_DENIED, ()), (method, refused)
            assert f'scope="{WRITE}"' in refused.challenge
            assert await call(channel, method, writer) == Answer(_OK, (SECRET,))
    with pytest.raises(TypeError, match="string of its own"):
        requires("orders:read orders:write")


async def test_duplicate_metadata_is_refused() -> None:
    """Two readers could choose different tokens, so that neither counts."""
    issuer = TestIssuer()
    token = bearer(issuer.token())
    async with serving(issuer.grpc_guard()) as channel:
        for second in (token, bearer("other")):
            refused = await call(channel, "Unary", (*token, *second))
            assert (refused.code, "more than one" in refused.details) == (_STRANGER, True)
        assert (await call(channel, "Unary", [("x-authorization", token[0][1])])).code == _STRANGER


@pytest.mark.parametrize("method", ["Downstream", "Both"])
async def test_a_stream_ends_with_its_session(method: str) -> None:
    """The revocation ends a stream that waits for the next message, or for its client, with the reason."""
    issuer = TestIssuer()
    token, other = issuer.token(), issuer.token()
    async with serving(issuer.grpc_guard()) as channel:
        calls: Any = channel.stream_stream(f"/orders.Orders/{method}")(metadata=tuple(bearer(token)), timeout=60)
        if method == "Both":
            await calls.write(b"hello ")
            assert await calls.read() == b"hello alice"
        else:
            await calls.write(b"")
            assert (await calls.read()).startswith(SECRET)
        issuer.revoke(other)
        issuer.revoke(token)
        assert await calls.code() == _STRANGER
        assert "revoked" in await calls.details()


async def test_a_stream_that_waits_for_its_client_ends() -> None:
    """The block ends during a write that cannot go on, because the client reads nothing. When it reads, it gets what
    had been sent, and the reason.
    """
    issuer = TestIssuer()
    token = issuer.token("alice" * 1_000)
    guard = issuer.grpc_guard()
    async with serving(guard) as channel, asyncio.timeout(_PATIENCE):
        large: Any = channel.unary_stream("/orders.Orders/Large")
        calls = large(b"", metadata=tuple(bearer(token)), timeout=50)
        await calls.initial_metadata()
        await asyncio.sleep(0.2)
        issuer.revoke(token)
        while len(guard.open_requests):  # noqa: ASYNC110  # only polling shows it
            await asyncio.sleep(0.01)
        with pytest.raises(grpc.aio.AioRpcError) as ended:
            _ = [each async for each in calls]
        assert ended.value.code() == _STRANGER


async def test_a_handler_may_send_its_own_initial_metadata() -> None:
    """It does that before ``while_valid``."""
    issuer = TestIssuer()
    async with serving(issuer.grpc_guard()) as channel:
        initial: Any = channel.unary_unary("/orders.Orders/Initial")
        calls = initial(b"", metadata=tuple(bearer(issuer.token())), timeout=50)
        assert dict(await calls.initial_metadata())["x-orders"] == "1"
        assert await calls == SECRET


async def test_a_stale_feed() -> None:
    """What asks for a fresh feed is UNAVAILABLE while it is stale, and so is everything if the guard is closed then."""
    issuer = TestIssuer()
    token = bearer(issuer.token())
    async with serving(issuer.grpc_guard(closed_when_stale=True)) as closed, serving(issuer.grpc_guard()) as channel:
        assert [(await call(each, "Fresh", token)).code for each in (channel, closed)] == [_OK, _OK]
        issuer.feed_is_stale = True
        assert [(await call(channel, each, token)).code for each in ("Unary", "Fresh")] == [_OK, _UNAVAILABLE]
        assert (await call(closed, "Unary", token)).code == _UNAVAILABLE


async def test_no_keys_yet() -> None:
    """Without an issuer that answers, a token is UNAVAILABLE, not refused."""
    async with serving(remote_guard(issuer="http://127.0.0.1:9", audience="tests", public=_PUBLIC)) as channel:
        assert (await call(channel, "Unary", bearer(TestIssuer().token()))).code == _UNAVAILABLE
        assert (await call(channel, "Unary")).code == _STRANGER
        assert (await call(channel, "Welcome")).code == _OK


async def test_interceptors_behind_the_guard_see_no_strangers() -> None:
    """Only calls with a token, and those of public methods, get to them."""
    seen = []

    class Other(grpc.aio.ServerInterceptor):
        async def intercept_service(self, continuation: Any, details: Any) -> Any:
            seen.append(details.method)
            return await continuation(details)

    issuer = TestIssuer()
    async with serving(issuer.grpc_guard(public=_PUBLIC), Other()) as channel:
        await call(channel, "Unary")
        await call(channel, "Welcome")
        await call(channel, "Unary", bearer(issuer.token()))
    assert seen == ["/orders.Orders/Welcome", "/orders.Orders/Unary"]


def test_public_methods() -> None:
    """A method is public as it was declared, and in no other spelling."""
    public = PublicMethods(_PUBLIC)
    assert all(map(public.admits, ("/orders.Orders/Welcome", "/open.Service/Any")))
    for other in (
        *("/orders.Orders/welcome", "/orders.Orders/Welcome/", "//orders.Orders/Welcome", "orders.Orders/Welcome"),
        *("/open.Service/*", "/open.service/Any", "/open.Service/Any/More", "/open.Service", "", "/"),
    ):
        assert not public.admits(other), other
    for wrong in ("Welcome", "/orders.Orders", "/*", "/orders.Orders/Wel*", "/orders.Orders/Welcome\n"):
        with pytest.raises(ValueError, match="is no method"):
            PublicMethods([wrong])
    with pytest.raises(TypeError, match="in a list"):
        PublicMethods("/orders.Orders/Welcome")
