"""Clients that connect again whenever their connection is closed, until the test stops them."""

import asyncio
from typing import Final

from .load import Load
from .processes import TIMEOUT_SECONDS

_HOST: Final = "127.0.0.1"


class ReconnectingLoad(Load):
    """``connections`` clients. The test fails if a client cannot connect."""

    def __init__(self, port: int, connections: int) -> None:
        self._stopped = asyncio.Event()
        super().__init__(port, connections)

    async def wait_for_answers(self, answers: int) -> None:
        """Wait until ``answers`` more answers have come."""
        goal = self.tally.statuses.total() + answers
        async with asyncio.timeout(TIMEOUT_SECONDS):
            while self.tally.statuses.total() < goal:  # noqa: ASYNC110  # as often as an answer comes
                await asyncio.sleep(0.01)

    def stop(self) -> None:
        """Let each client stop after its next answer."""
        self._stopped.set()

    async def _client(self, request: bytes) -> None:
        warm = False
        while not self._stopped.is_set():
            reader, writer = await asyncio.open_connection(_HOST, self._port)
            try:
                stays_open = True
                while stays_open and not self._stopped.is_set():
                    stays_open = await self._exchange(reader, writer, request)
                    if not warm:
                        warm = True
                        await self._warm.wait()
            finally:
                writer.close()
