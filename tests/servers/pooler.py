"""A pooler in transaction mode, such as PgBouncer: after each transaction a client gets another connection."""

import asyncio
import os
import struct
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from itertools import cycle
from typing import Final

_READY: Final = b"Z"
_IDLE: Final = b"I"
_TERMINATE: Final = b"X"
_LAST_ANSWERS: Final = {b"Q": (b"Z",), b"S": (b"Z",), b"H": (b"T", b"n", b"E")}
"""The messages that the server answers, and how its answer can end: a simple query, the end of an extended one, and the
description of a prepared one.
"""

_KNOWN_PARAMETERS: Final = frozenset({b"user", b"database", b"client_encoding", b"application_name"})
"""A pooler refuses to set others, as PgBouncer does: they would stay for the next client of the connection."""

Message = tuple[bytes, bytes]


class Pooler:
    """Serves clients with two connections to a database of the server, in turn. Nobody needs a password."""

    def __init__(self, server_port: int, database: str) -> None:
        self.port = 0
        self.end: Callable[[], object] = lambda: None
        self._server_port = server_port
        self._database = database
        self._greeting = b""

    async def connect(self) -> None:
        """Connect to the server twice."""
        self._servers = [await self._connect_once() for _ in range(2)]
        self._next = cycle(self._servers)
        self._one_at_a_time = asyncio.Lock()

    async def carry(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Serve a client until it ends."""
        with suppress(asyncio.IncompleteReadError):
            if await _read_parameters(reader) - _KNOWN_PARAMETERS:
                writer.write(_packed((b"E", b"SFATAL\0C08P01\0Munsupported startup parameter\0\0")))
                await writer.drain()
                return
            writer.write(self._greeting)
            while True:
                first = await _message(reader)
                if first[0] == _TERMINATE:
                    return
                async with self._one_at_a_time:
                    await self._transact(first, reader, writer, *next(self._next))

    async def _transact(
        self,
        message: Message,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
        from_server: asyncio.StreamReader,
        to_server: asyncio.StreamWriter,
    ) -> None:
        """Pass messages on until the transaction has ended."""
        while True:
            to_server.write(_packed(message))
            if ends := _LAST_ANSWERS.get(message[0]):
                while (answer := await _message(from_server))[0] not in ends:
                    writer.write(_packed(answer))
                writer.write(_packed(answer))
                if answer == (_READY, _IDLE):
                    return
            message = await _message(reader)

    async def _connect_once(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        reader, writer = await asyncio.open_connection("127.0.0.1", self._server_port)
        body = struct.pack("!i", 196_608) + f"user\0postgres\0database\0{self._database}\0\0".encode()
        writer.write(struct.pack("!i", len(body) + 4) + body)
        greeting = b""  # with a number of its own in place of that of the process, as PgBouncer has
        while True:
            message = await _message(reader)
            greeting += _packed((b"K", os.urandom(8)) if message[0] == b"K" else message)
            if message[0] == _READY:
                self._greeting = greeting
                return reader, writer

    def disconnect(self) -> None:
        """Disconnect from the server."""
        for _, writer in self._servers:
            writer.transport.abort()


@contextmanager
def pooling(server_port: int, database: str) -> Iterator[Pooler]:
    """Run a pooler on a port of 127.0.0.1, in a thread of its own."""
    pooler, ready = Pooler(server_port, database), threading.Event()
    thread = threading.Thread(target=lambda: asyncio.run(_pool(pooler, ready)))
    thread.start()
    ready.wait()
    try:
        yield pooler
    finally:
        pooler.end()
        thread.join()


async def _pool(pooler: Pooler, ready: threading.Event) -> None:
    clients: set[asyncio.Task[None]] = set()

    async def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        clients.add(task)
        try:
            with suppress(asyncio.CancelledError, OSError):
                await pooler.carry(reader, writer)
        finally:
            writer.transport.abort()

    await pooler.connect()
    server = await asyncio.start_server(connected, "127.0.0.1", 0)
    pooler.port = server.sockets[0].getsockname()[1]
    loop, over = asyncio.get_running_loop(), asyncio.Event()
    pooler.end = lambda: loop.call_soon_threadsafe(over.set)
    ready.set()
    await over.wait()
    server.close()
    for task in clients:
        task.cancel()
    await asyncio.gather(*clients)
    pooler.disconnect()
    await asyncio.sleep(0)


async def _read_parameters(reader: asyncio.StreamReader) -> set[bytes]:
    """Read the first message, which has no type; return the names of its parameters."""
    (length,) = struct.unpack("!i", await reader.readexactly(4))
    names_and_values = (await reader.readexactly(length - 4))[4:].split(b"\0")
    return {*names_and_values[::2]} - {b""}


async def _message(reader: asyncio.StreamReader) -> Message:
    kind = await reader.readexactly(1)
    (length,) = struct.unpack("!i", await reader.readexactly(4))
    return kind, await reader.readexactly(length - 4)


def _packed(message: Message) -> bytes:
    kind, body = message
    return kind + struct.pack("!i", len(body) + 4) + body
