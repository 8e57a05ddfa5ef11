"""Turns of requests that came behind others on the same connection."""

import asyncio
from collections import deque
from typing import Final

_PER_STEP: Final = 4


class PipelineTurns:
    """Lets few pipelined requests begin in each step of the event loop, in the order in which they ask.

    A client may send many requests without waiting for the responses (RFC 9112 §9.3.2). They are all there already, so
    without turns they would be served before anyone else who comes later.
    """

    def __init__(self, *, per_step: int = _PER_STEP) -> None:
        self._per_step = per_step
        self._waiting: deque[asyncio.Future[None]] = deque()

    async def take(self) -> None:
        """Return in a later step of the event loop, when it is the caller's turn."""
        loop = asyncio.get_running_loop()
        turn = loop.create_future()
        if not self._waiting:
            loop.call_soon(self._begin_step)
        self._waiting.append(turn)
        await turn

    def _begin_step(self) -> None:
        granted = 0
        while self._waiting and granted < self._per_step:
            turn = self._waiting.popleft()
            if not turn.done():
                turn.set_result(None)
                granted += 1
        if self._waiting:
            asyncio.get_running_loop().call_soon(self._begin_step)
