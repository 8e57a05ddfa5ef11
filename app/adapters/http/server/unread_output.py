"""Responses that clients do not read."""

import asyncio
from typing import Final, NamedTuple

UNREAD_SECONDS: Final = 10.0
_MAX_BYTES: Final = 64 * 1024 * 1024


class _Unread(NamedTuple):
    size: int
    since: float
    deadline: asyncio.TimerHandle


class UnreadOutput:
    """The output that this process holds because clients do not read it and the kernel takes no more.

    A connection is cut when nothing of its output was taken for ``seconds``. If all output together is more than
    ``max_bytes``, those are cut that have not read for the longest time.
    """

    def __init__(self, *, seconds: float = UNREAD_SECONDS, max_bytes: int = _MAX_BYTES) -> None:
        self._seconds = seconds
        self._max_bytes = max_bytes
        self._size = 0
        self._unread: dict[asyncio.Transport, _Unread] = {}

    def add(self, transport: asyncio.Transport) -> None:
        """Hold the output of a connection whose client does not read."""
        size = transport.get_write_buffer_size()
        loop = asyncio.get_running_loop()
        self._unread[transport] = _Unread(size, loop.time(), loop.call_later(self._seconds, transport.abort))
        self._size += size
        while self._size > self._max_bytes:
            self._cut(next(iter(self._unread)))

    def cut_after(self, seconds: float) -> None:
        """Cut the connections whose clients have read nothing for ``seconds``."""
        since = asyncio.get_running_loop().time() - seconds
        for transport in [each for each, unread in self._unread.items() if unread.since <= since]:
            self._cut(transport)

    def remove(self, transport: asyncio.Transport) -> None:
        """Forget a connection: its client has read everything, or it is closed."""
        unread = self._unread.pop(transport, None)
        if unread is not None:
            unread.deadline.cancel()
            self._size -= unread.size

    def _cut(self, transport: asyncio.Transport) -> None:
        self.remove(transport)
        transport.abort()
