"""A connection between a client and a server that can drop an answer of the server, or delay everything."""

import asyncio
import threading
from collections.abc import AsyncGenerator, Callable, Iterator
from contextlib import aclosing, contextmanager, suppress


class Relay:
    """Passes on the bytes of both sides. Clients connect to ``port``; ``end`` stops the relay. Bytes of each side come
    ``lag`` seconds later.
    """

    def __init__(self, server_port: int, *, lag: float = 0.0) -> None:
        self.port = 0
        self.lost = 0
        self._server_port = server_port
        self.lag = lag
        self._answers_to_pass: int | None = None
        self.end: Callable[[], object] = lambda: None

    def lose_after(self, answers: int) -> None:
        """Pass on this many more answers. Then drop the next answer and cut its connection."""
        self._answers_to_pass = answers

    async def carry(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Serve a client until one side closes."""
        with suppress(OSError):
            from_server, to_server = await asyncio.open_connection("127.0.0.1", self._server_port)
            requests = asyncio.create_task(self._forward_requests(reader, to_server))
            try:
                await self._forward_answers(from_server, writer)
            finally:
                to_server.transport.abort()
                requests.cancel()
                await asyncio.wait([requests])

    async def _forward_requests(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(OSError):
            async with aclosing(self._late(reader)) as received:
                async for data in received:
                    writer.write(data)
                    await writer.drain()
            writer.write_eof()

    async def _forward_answers(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(OSError):
            async with aclosing(self._late(reader)) as received:
                async for data in received:
                    if self._drops_next_answer():
                        return
                    writer.write(data)
                    await writer.drain()

    async def _late(self, reader: asyncio.StreamReader) -> AsyncGenerator[bytes, None]:
        """Yield the bytes of one side ``lag`` seconds after they came: a long answer is no later than a short one."""
        loop, queue = asyncio.get_running_loop(), asyncio.Queue[tuple[float, bytes]]()

        async def receive() -> None:
            with suppress(OSError):
                while data := await reader.read(65_536):
                    queue.put_nowait((loop.time() + self.lag, data))
            queue.put_nowait((0.0, b""))

        receiving = asyncio.create_task(receive())
        try:
            while (item := await queue.get())[1]:
                await asyncio.sleep(item[0] - loop.time())
                yield item[1]
        finally:
            receiving.cancel()

    def _drops_next_answer(self) -> bool:
        if self._answers_to_pass is None:
            return False
        if self._answers_to_pass > 0:
            self._answers_to_pass -= 1
            return False
        self._answers_to_pass = None
        self.lost += 1
        return True


@contextmanager
def relaying(server_port: int, *, lag: float = 0.0) -> Iterator[Relay]:
    """Run a relay to the server on a port of 127.0.0.1, in a thread of its own. It delays each direction by ``lag``
    seconds.
    """
    relay, ready = Relay(server_port, lag=lag), threading.Event()
    thread = threading.Thread(target=lambda: asyncio.run(_relay(relay, ready)))
    thread.start()
    ready.wait()
    try:
        yield relay
    finally:
        relay.end()
        thread.join()


@contextmanager
def slower(relay: Relay, seconds: float) -> Iterator[None]:
    """Let each answer come ``seconds`` later while the context is open."""
    before, relay.lag = relay.lag, seconds / 2
    try:
        yield
    finally:
        relay.lag = before


async def _relay(relay: Relay, ready: threading.Event) -> None:
    connections: set[asyncio.Task[None]] = set()

    async def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        connections.add(task)
        try:
            with suppress(asyncio.CancelledError):
                await relay.carry(reader, writer)
        finally:
            writer.transport.abort()

    server = await asyncio.start_server(connected, "127.0.0.1", 0)
    relay.port = server.sockets[0].getsockname()[1]
    loop, over = asyncio.get_running_loop(), asyncio.Event()
    relay.end = lambda: loop.call_soon_threadsafe(over.set)
    ready.set()
    await over.wait()
    server.close()
    for task in connections:
        task.cancel()
    await asyncio.gather(*connections)
    await asyncio.sleep(0)
