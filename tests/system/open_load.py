"""Clients that refresh at a rate of their own, whatever the service does: more than it can answer."""

import asyncio
import re
import time
from collections import Counter, deque
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

from aiohttp import ClientSession

PATIENCE_SECONDS: Final = 4.0
"""After this time a client closes its connection, and retries with the same token."""

_RETRY_SECONDS: Final = 1.0
_TICK_SECONDS: Final = 0.005
_MAX_CONNECTIONS: Final = 8_000
_AT_ONCE_AT_THE_END: Final = 32
_OK: Final = 200
_UNAVAILABLE: Final = 503
_REFUSED: Final = (400, 401)

_REQUEST: Final = (
    b"POST /auth/refresh HTTP/1.1\r\nHost: keyturn\r\nContent-Type: application/json\r\nContent-Length: 111\r\n\r\n"
    b'{"refresh_token":"%b"}'
)
_TOKEN: Final = re.compile(rb'"refresh_token":"([^"]+)"')
_RETRY_AFTER: Final = re.compile(rb"\r\nRetry-After: (\d+)\r\n")


@dataclass
class Tally:
    """What the clients observed. Times are in seconds."""

    sent: int = 0
    statuses: Counter[int] = field(default_factory=Counter)
    lost: int = 0
    not_sent: int = 0
    granted_after: list[float] = field(default_factory=list)
    refused_after: list[float] = field(default_factory=list)
    ended: list[int] = field(default_factory=list)


class OpenLoad:
    """Clients of one service, with one session each. Each presents its newest token, waits as ``Retry-After`` says
    after a refusal, and then presents the same token again. No client has two requests under way.
    """

    def __init__(self, port: int, tokens: Sequence[str]) -> None:
        self.tokens = [each.encode() for each in tokens]
        self.tally = Tally()
        self._port = port
        self._ready = deque(range(len(tokens)))
        self._later: dict[int, list[int]] = {}
        self._idle: list[_Connection] = []
        self._busy: dict[_Connection, None] = {}
        self._keep_busy = 0

    async def closed(self, seconds: float, *, at_once: int) -> Tally:
        """Keep ``at_once`` requests under way for ``seconds``. Return what was observed meanwhile."""
        self.tally = tally = Tally()
        self._keep_busy = at_once
        await self._connect(at_once)
        for _ in range(at_once):
            self._send()
        end = time.perf_counter() + seconds
        while time.perf_counter() < end:
            await asyncio.sleep(_TICK_SECONDS)
            self._wake()
        self._keep_busy = 0
        await self.finish()
        return tally

    async def open(self, seconds: float, *, rate: float) -> Tally:
        """Send ``rate`` requests a second for ``seconds``. Return what was observed meanwhile."""
        self.tally = tally = Tally()
        await self._connect(min(_MAX_CONNECTIONS, len(self.tokens), int(rate / 2)))
        began = time.perf_counter()
        due = 0
        while (elapsed := time.perf_counter() - began) < seconds:
            self._wake()
            self._give_up()
            until = int(elapsed * rate)
            while due < until:
                due += 1
                self._send()
            await asyncio.sleep(_TICK_SECONDS)
        await self.finish()
        return tally

    async def access_token(self) -> str:
        """Return an access token of the first client, which refreshes for it and then sends nothing more."""
        self._ready.remove(0)
        async with (
            ClientSession() as client,
            client.post(
                f"http://127.0.0.1:{self._port}/auth/refresh", json={"refresh_token": self.tokens[0].decode()}
            ) as answer,
        ):
            tokens = await answer.json()
        self.tokens[0] = tokens["refresh_token"].encode()
        return str(tokens["access_token"])

    async def finish(self) -> None:
        """Wait until no request is under way."""
        while self._busy:
            await asyncio.sleep(_TICK_SECONDS)
            self._give_up()

    async def settle(self) -> None:
        """Let every client refresh until it gets an answer."""
        self._ready = deque(range(len(self.tokens)))
        self._later.clear()
        self.tally = Tally()
        while self.tally.statuses[_OK] + len(self.tally.ended) < len(self.tokens):
            self._wake()
            self._give_up()
            while self._ready and len(self._busy) < _AT_ONCE_AT_THE_END:
                self._send()
            await asyncio.sleep(_TICK_SECONDS)

    def close(self) -> None:
        """Disconnect."""
        for each in (*self._idle, *self._busy):
            each.transport.close()

    async def _connect(self, number: int) -> None:
        loop = asyncio.get_running_loop()
        while len(self._idle) < number:
            _, connection = await loop.create_connection(lambda: _Connection(self), "127.0.0.1", self._port)
            self._idle.append(connection)

    def _send(self) -> None:
        """Let the next client send its token."""
        if not self._ready or not self._idle:
            self.tally.not_sent += 1
            return
        connection, session = self._idle.pop(), self._ready.popleft()
        self._busy[connection] = None
        self.tally.sent += 1
        connection.present(session, self.tokens[session])

    def _wake(self) -> None:
        now = int(time.perf_counter() * 10)
        for moment in [each for each in self._later if each <= now]:
            self._ready.extend(self._later.pop(moment))

    def _give_up(self) -> None:
        """Close the connections of clients that have waited too long. They were busy in the order of this dict."""
        before = time.perf_counter() - PATIENCE_SECONDS
        while self._busy and (first := next(iter(self._busy))).sent_at < before:
            first.transport.abort()
            self.lost(first)

    def answered(self, connection: "_Connection", answer: bytes) -> None:
        """Take note of a response."""
        del self._busy[connection]
        self._idle.append(connection)
        status, seconds = int(answer[9:12]), time.perf_counter() - connection.sent_at
        self.tally.statuses[status] += 1
        if status == _OK:
            found = _TOKEN.search(answer)
            assert found is not None
            self.tokens[connection.session] = found[1]
            self._ready.append(connection.session)
            self.tally.granted_after.append(seconds)
        elif status in _REFUSED:
            self.tally.ended.append(connection.session)
        else:
            retry_after = _RETRY_AFTER.search(answer)
            self._retry(connection.session, int(retry_after[1]) if retry_after else _RETRY_SECONDS)
            if status == _UNAVAILABLE:
                self.tally.refused_after.append(seconds)
        if len(self._busy) < self._keep_busy:
            self._send()

    def lost(self, connection: "_Connection") -> None:
        """Take note of a connection that ended, perhaps with a request under way."""
        if connection in self._busy:
            del self._busy[connection]
            self.tally.lost += 1
            self._retry(connection.session, _RETRY_SECONDS)
        elif connection in self._idle:
            self._idle.remove(connection)

    def _retry(self, session: int, seconds: float) -> None:
        self._later.setdefault(int((time.perf_counter() + seconds) * 10) + 1, []).append(session)


class _Connection(asyncio.Protocol):
    def __init__(self, load: OpenLoad) -> None:
        self._load = load
        self._answer = b""
        self.session = 0
        self.sent_at = 0.0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport

    def present(self, session: int, token: bytes) -> None:
        self.session, self.sent_at = session, time.perf_counter()
        self.transport.write(_REQUEST % token)

    def data_received(self, data: bytes) -> None:
        self._answer += data
        head, separator, body = self._answer.partition(b"\r\n\r\n")
        if not separator:
            return
        length = int(re.search(rb"(?i)\r\nContent-Length: (\d+)", head)[1])  # type: ignore[index]  # every response has it
        if len(body) >= length:
            answer, self._answer = self._answer, b""
            self._load.answered(self, answer)

    def connection_lost(self, exc: Exception | None) -> None:  # it does not matter why
        self._load.lost(self)
