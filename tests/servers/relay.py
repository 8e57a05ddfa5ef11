"""A link between a client and a server that can lose what the server says, or take its time."""

import asyncio
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress


class Relay:
    """Passes on what both sides say. ``port`` is where clients find it; ``end`` ends it."""

    def __init__(self, server_port: int, *, lag: float = 0.0) -> None:
        self.port = 0
        self.lost = 0
        self._server_port = server_port
        self._lag = lag
        self._pass_first: int | None = None
        self.end: Callable[[], object] = lambda: None

    def lose_after(self, answers: int) -> None:
        """Let so many more answers pass; lose the next one, and cut the connection that it was on."""
        self._pass_first = answers

    async def carry(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Serve a client until one side closes."""
        with suppress(OSError):
            from_server, to_server = await asyncio.open_connection("127.0.0.1", self._server_port)
            questions = asyncio.create_task(self._questions(reader, to_server))
            try:
                await self._answers(from_server, writer)
            finally:
                to_server.transport.abort()
                questions.cancel()
                await asyncio.wait([questions])

    async def _questions(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(OSError):
            while said := await reader.read(65_536):
                await asyncio.sleep(self._lag)
                writer.write(said)
                await writer.drain()
            writer.write_eof()

    async def _answers(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(OSError):
            while said := await reader.read(65_536):
                if self._is_to_be_lost():
                    return
                await asyncio.sleep(self._lag)
                writer.write(said)
                await writer.drain()

    def _is_to_be_lost(self) -> bool:
        if self._pass_first is None:
            return False
        if self._pass_first > 0:
            self._pass_first -= 1
            return False
        self._pass_first = None
        self.lost += 1
        return True


@contextmanager
def relaying(server_port: int, *, lag: float = 0.0) -> Iterator[Relay]:
    """Run a link to the server on this port of 127.0.0.1, in a thread of its own; each way takes ``lag`` seconds
    longer.
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
