"""A service of gRPC with a method of each kind, on a real server, and a client that says what it got."""

import asyncio
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager
from typing import Any, Final, NamedTuple

import grpc
import grpc.aio

from app.guard.grpc import GrpcGuard, check_fresh, principal, requires, while_valid

SECRET: Final = b"the orders of "
SERVICE: Final = "orders.Orders"
WRITE: Final = "orders:write"
Metadata = Sequence[tuple[str, str]]


class Answer(NamedTuple):
    """The end of a call: its status, its messages, and the challenge in its trailing metadata."""

    code: grpc.StatusCode
    messages: tuple[bytes, ...] = ()
    challenge: str = ""
    details: str = ""


async def unary(request: bytes, context: Any) -> bytes:
    """Return whose orders these are."""
    return SECRET + principal().subject.encode()


@requires(WRITE)
async def write(request: bytes, context: Any) -> bytes:
    """Order something."""
    return SECRET


async def fresh(request: bytes, context: Any) -> bytes:
    """Answer only while the feed is fresh."""
    check_fresh()
    return SECRET


async def welcome(request: bytes, context: Any) -> bytes:
    """Greet everybody."""
    return b"welcome"


async def downstream(request: bytes, context: Any) -> AsyncIterator[bytes]:
    """Tick while the token is valid."""
    async with while_valid():
        while True:
            yield SECRET + principal().subject.encode()
            await asyncio.sleep(0.02)


async def large(request: bytes, context: Any) -> AsyncIterator[bytes]:
    """Send more than a client takes that reads nothing."""
    async with while_valid():
        while True:
            yield bytes(3_000_000)


async def initial(request: bytes, context: Any) -> bytes:
    """Send initial metadata before anything else."""
    await context.send_initial_metadata((("x-orders", "1"),))
    async with while_valid():
        return SECRET


async def upstream(requests: AsyncIterator[bytes], context: Any) -> bytes:
    """Return the last request."""
    last = b""
    async for each in requests:
        last = each
    return last + principal().subject.encode()


async def both(requests: Any, context: Any) -> None:
    """Echo while the token is valid, in the style that reads and writes."""
    async with while_valid():
        async for each in requests:
            await context.write(each + principal().subject.encode())


@requires(WRITE)
async def marked_stream(request: bytes, context: Any) -> AsyncIterator[bytes]:
    """Send one message."""
    yield SECRET


@requires("orders:read")
def on_thread(request: bytes, context: Any) -> bytes:
    """Return whose orders these are, on a thread."""
    return SECRET + principal().subject.encode()


def streams_on_thread(request: bytes, context: Any) -> Iterator[bytes]:
    """Send two messages from a thread."""
    yield principal().subject.encode()
    yield principal().subject.encode()


@requires(WRITE)
def marked_on_thread(request: bytes, context: Any) -> Iterator[bytes]:
    """Send nothing that a reader may see, from a thread."""
    yield SECRET


async def broken(request: bytes, context: Any) -> bytes:
    """Fail."""
    raise ZeroDivisionError


_METHODS: Final[dict[str, Any]] = {
    "Unary": grpc.unary_unary_rpc_method_handler(unary),
    "Write": grpc.unary_unary_rpc_method_handler(write),
    "Fresh": grpc.unary_unary_rpc_method_handler(fresh),
    "Welcome": grpc.unary_unary_rpc_method_handler(welcome),
    "Forgotten": grpc.unary_unary_rpc_method_handler(welcome),
    "Downstream": grpc.unary_stream_rpc_method_handler(downstream),
    "Large": grpc.unary_stream_rpc_method_handler(large),
    "Initial": grpc.unary_unary_rpc_method_handler(initial),
    "Upstream": grpc.stream_unary_rpc_method_handler(upstream),
    "Both": grpc.stream_stream_rpc_method_handler(both),
    "MarkedStream": grpc.unary_stream_rpc_method_handler(marked_stream),
    "OnThread": grpc.unary_unary_rpc_method_handler(on_thread),
    "StreamsOnThread": grpc.unary_stream_rpc_method_handler(streams_on_thread),
    "MarkedOnThread": grpc.unary_stream_rpc_method_handler(marked_on_thread),
    "Broken": grpc.unary_unary_rpc_method_handler(broken),
}


@asynccontextmanager
async def serving(guard: GrpcGuard, *others: Any) -> AsyncIterator[grpc.aio.Channel]:
    """Run the service behind a guard. Yield a channel to it."""
    server = grpc.aio.server(interceptors=[guard, *others])
    server.add_generic_rpc_handlers((grpc.method_handlers_generic_handler(SERVICE, _METHODS),))
    port = server.add_insecure_port("127.0.0.1:0")
    await server.start()
    try:
        async with grpc.aio.insecure_channel(f"127.0.0.1:{port}") as channel:
            yield channel
    finally:
        await server.stop(None)
        await guard.stop()


async def call(channel: grpc.aio.Channel, method: str, metadata: Metadata = (), *, upstream: bool = False) -> Answer:
    """Call a method and return how it ended. ``upstream`` sends no message, and keeps the call open."""
    path = method if method.startswith("/") else f"/{SERVICE}/{method}"
    got: list[bytes] = []
    kind: Any = channel.stream_stream(path) if upstream else channel.unary_stream(path)
    calls = kind(*(() if upstream else (b"request",)), metadata=tuple(metadata), timeout=60)
    try:
        async for each in calls:
            got.append(each)  # noqa: PERF401  # an error may end the messages
    except grpc.aio.AioRpcError as error:
        challenge = dict(error.trailing_metadata()).get("www-authenticate", "")
        return Answer(error.code(), tuple(got), str(challenge), error.details() or "")
    return Answer(await calls.code(), tuple(got))


def bearer(token: str) -> Metadata:
    """Return the metadata of a call with a token."""
    return (("authorization", f"Bearer {token}"),)
