"""One connection that all calls share. Commands that wait in the same step of the event loop are one write."""

import asyncio
from collections import deque
from typing import Any, Final

import hiredis
from redis.asyncio.connection import AbstractConnection
from redis.exceptions import ConnectionError as ConnectionLost
from redis.exceptions import ReadOnlyError
from redis.exceptions import TimeoutError as NoReplyInTime

from .replies import to_error
from .script import Command

_INCOMPLETE: Final = object()
"""Returned by the parser if a reply has not arrived completely."""

_Waiting = tuple[asyncio.Future[Any] | None, float]
"""A command without a reply: the future of its caller, if one waits for it, and when its time is over, on the clock of
the event loop.
"""


class SharedConnection(asyncio.Protocol):
    """Sends commands in order, and gives each reply to the command that it belongs to.

    The replies come in the order of the commands. So after one that is late all others are late too: the connection is
    in doubt. It takes no more commands, and is closed when nobody waits for a reply any more. If it breaks, all calls
    that wait fail together. Nothing is sent twice. A caller that goes away takes nothing from the others: its command
    runs, and its reply is dropped.
    """

    def __init__(self, writer: asyncio.StreamWriter, *, timeout: float) -> None:
        self.usable = True
        self._loop = asyncio.get_running_loop()
        self._writer = writer  # it closes the transport when it is deleted
        self._transport: asyncio.WriteTransport = writer.transport
        self._timeout = timeout
        self._reader = hiredis.Reader(replyError=to_error, notEnoughData=_INCOMPLETE)
        self._waiting: deque[_Waiting] = deque()
        self._unsent: list[bytes] = []
        self._timer: asyncio.TimerHandle | None = None

    @classmethod
    def take_over(cls, connection: AbstractConnection, *, timeout: float) -> "SharedConnection":
        """Take the transport of a connection that redis-py has opened and signed in.

        Each command has ``timeout`` seconds. Raises ``RedisError`` if the connection is closed.
        """
        connected: Any = connection  # redis-py gives no public access to its streams
        writer: asyncio.StreamWriter | None = connected._writer  # noqa: SLF001
        if writer is None or writer.transport.is_closing():
            raise ConnectionLost("the server closed the connection")
        connected._writer = connected._reader = None  # noqa: SLF001  # redis-py does not close it any more
        shared = cls(writer, timeout=timeout)
        writer.transport.set_protocol(shared)
        return shared

    def send(self, *commands: Command) -> asyncio.Future[Any]:
        """Send commands, one directly after the other, and return the reply of the last one.

        The future raises ``RedisError``: an error of the server, or that its reply did not come.
        """
        if not self._unsent:
            self._loop.call_soon(self._write)
        deadline = self._loop.time() + self._timeout
        if self._timer is None:
            self._timer = self._loop.call_at(deadline, self._expire)
        future: asyncio.Future[Any] = self._loop.create_future()
        for command in commands:
            self._unsent.append(hiredis.pack_command(command))  # type: ignore[arg-type]  # its stub names tuples of one
        self._waiting.extend([(None, deadline)] * (len(commands) - 1))
        self._waiting.append((future, deadline))
        return future

    def close(self) -> None:
        """Close the connection. All calls that wait fail."""
        self.usable = False
        self._transport.abort()
        self._fail_all()

    def data_received(self, data: bytes) -> None:
        """Give the replies to the calls that wait for them."""
        try:
            self._reader.feed(data)
            while (reply := self._reader.gets()) is not _INCOMPLETE and self._waiting:
                self._deliver(reply)
        except hiredis.ProtocolError:
            self.close()
        if not self._waiting and (not self.usable or reply is not _INCOMPLETE):
            self.close()  # it is in doubt, or this is a reply to nothing

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002  # the interface of asyncio
        """Fail all calls that wait."""
        self.usable = False
        self._fail_all()

    def _write(self) -> None:
        """Write all commands of this step at once."""
        unsent, self._unsent = self._unsent, []
        if not self._transport.is_closing():
            self._transport.write(b"".join(unsent))

    def _deliver(self, reply: Any) -> None:
        future, _ = self._waiting.popleft()
        if isinstance(reply, ReadOnlyError):
            self.usable = False  # another server is the primary now
        if future is None or future.done():
            return
        if isinstance(reply, Exception):
            future.set_exception(reply)
        else:
            future.set_result(reply)

    def _expire(self) -> None:
        """Fail the calls whose time is over: the first ones that wait."""
        now, late = self._loop.time(), 0
        for future, deadline in self._waiting:
            if deadline > now:
                break
            late += 1
            if future is not None and not future.done():
                future.set_exception(NoReplyInTime("the server did not reply in time"))
        self._timer = None
        self.usable = self.usable and not late
        if late < len(self._waiting):
            self._timer = self._loop.call_at(self._waiting[late][1], self._expire)
        elif late:
            self.close()

    def _fail_all(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        while self._waiting:
            future, _ = self._waiting.popleft()
            if future is not None and not future.done():
                future.set_exception(ConnectionLost("the connection was lost before its reply"))
