"""Clients that keep their connections and send one request after another. They use raw sockets, because an HTTP library
would retry.
"""

import asyncio
import json
import re
from collections import Counter
from dataclasses import dataclass, field
from typing import Final

from .processes import TIMEOUT_SECONDS

USERNAME: Final = "alice"
PASSWORD: Final = "correct horse battery"  # noqa: S105  # a test's

_SIGN_IN: Final = json.dumps({"username": USERNAME, "password": PASSWORD}).encode()
_REQUESTS: Final = (
    b"GET /.well-known/jwks.json HTTP/1.1\r\nHost: keyturn\r\n\r\n",
    b"POST /auth/login HTTP/1.1\r\nHost: keyturn\r\nContent-Type: application/json\r\n"
    b"Content-Length: %d\r\n\r\n%b" % (len(_SIGN_IN), _SIGN_IN),
)


@dataclass
class Tally:
    """The outcomes of the requests: the statuses, and the errors of requests without a complete answer."""

    statuses: Counter[int] = field(default_factory=Counter)
    lost: Counter[str] = field(default_factory=Counter)
    connections_closed: int = 0


class Load:
    """``connections`` clients. Every other one signs in again and again; the rest fetch the JWK Set."""

    def __init__(self, port: int, connections: int) -> None:
        self.tally = Tally()
        self._port = port
        self._warm = asyncio.Barrier(connections + 1)
        self._clients = [asyncio.create_task(self._client(_REQUESTS[number % 2])) for number in range(connections)]

    async def wait_until_warm(self) -> None:
        """Wait until every client has had an answer."""
        async with asyncio.timeout(TIMEOUT_SECONDS):
            await self._warm.wait()

    async def wait_until_closed(self) -> Tally:
        """Wait until the service has closed every connection. Return the outcomes."""
        async with asyncio.timeout(TIMEOUT_SECONDS):
            await asyncio.gather(*self._clients)
        return self.tally

    async def _client(self, request: bytes) -> None:
        reader, writer = await asyncio.open_connection("127.0.0.1", self._port)
        try:
            stays_open = await self._exchange(reader, writer, request)
            await self._warm.wait()
            while stays_open:
                stays_open = await self._exchange(reader, writer, request)
        finally:
            writer.close()

    async def _exchange(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, request: bytes) -> bool:
        """Send a request and read its answer. Return whether the connection stays open."""
        try:
            writer.write(request)
            head = await reader.readuntil(b"\r\n\r\n")
            length = re.search(rb"(?i)\r\nContent-Length: (\d+)\r\n", head)
            assert length is not None
            await reader.readexactly(int(length[1]))
        except (asyncio.IncompleteReadError, ConnectionError) as error:
            self.tally.lost[type(error).__name__] += 1
            return False
        self.tally.statuses[int(head.split()[1])] += 1
        closes = b"\r\nconnection: close\r\n" in head.lower()
        self.tally.connections_closed += closes
        return not closes
