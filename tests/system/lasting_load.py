"""Clients that stay until they are sent away: where their connection is closed, they connect anew."""

import asyncio
from typing import Final

from .load import Load
from .processes import PATIENCE_SECONDS

_HOST: Final = "127.0.0.1"


class LastingLoad(Load):
    """``connections`` clients, none of whom may be refused a connection."""

    def __init__(self, port: int, connections: int) -> None:
        self._enough = asyncio.Event()
        super().__init__(port, connections)

    async def more(self, answers: int) -> None:
        """Return once so many more answers have come."""
        goal = self.tally.statuses.total() + answers
        async with asyncio.timeout(PATIENCE_SECONDS):
            while self.tally.statuses.total() < goal:  # noqa: ASYNC110  # as often as an answer comes
                await asyncio.sleep(0.01)

    def leave(self) -> None:
        """Let each client go after its next answer."""
        self._enough.set()

    async def _client(self, request: bytes) -> None:
        warm = False
        while not self._enough.is_set():
            reader, writer = await asyncio.open_connection(_HOST, self._port)
            try:
                stays_open = True
                while stays_open and not self._enough.is_set():
                    stays_open = await self._exchange(reader, writer, request)
                    if not warm:
                        warm = True
                        await self._warm.wait()
            finally:
                writer.close()
