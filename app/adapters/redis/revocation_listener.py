"""Receive the messages that the server sends for each revocation."""

import asyncio
from contextlib import suppress
from typing import Final

from redis.exceptions import RedisError

from ...domain.errors import StoreUnavailable
from .redis_keys import REVOCATION_CHANNEL
from .topology import Topology

_LISTEN_SECONDS: Final = 5.0
_RETRY_SECONDS: Final = 0.5
_MIN_WAIT_SECONDS: Final = 0.2
"""The shortest wait. Many revocations at once then end one wait, not many."""


class RevocationListener:
    """Subscribes to the revocations in the background, and again whenever the connection breaks.

    A message can be lost. The revocation is then found when the caller next reads the list of revocations.
    """

    def __init__(self, topology: Topology) -> None:
        self._topology = topology
        self._received = asyncio.Event()
        self._listening: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Begin to listen."""
        if self._listening is None or self._listening.done():
            self._listening = asyncio.create_task(self._listen_again())

    async def wait(self, seconds: float) -> None:
        """Return when a message has been received since the last call, and after ``seconds`` at the latest."""
        await asyncio.sleep(min(_MIN_WAIT_SECONDS, seconds))
        with suppress(TimeoutError):
            async with asyncio.timeout(max(0.0, seconds - _MIN_WAIT_SECONDS)):
                await self._received.wait()
        self._received.clear()

    async def stop(self) -> None:
        """Stop listening."""
        while self._listening is not None and not self._listening.done():
            self._listening.cancel()
            # redis-py can take the cancellation for its own timeout and continue, so cancel again.
            await asyncio.wait({self._listening}, timeout=_MIN_WAIT_SECONDS)

    async def _listen_again(self) -> None:
        while True:
            with suppress(RedisError, OSError, TimeoutError, StoreUnavailable):
                await self._listen()
            await asyncio.sleep(_RETRY_SECONDS)

    async def _listen(self) -> None:
        """Listen until the connection breaks. Every node of a cluster sends the messages of all nodes."""
        async with self._topology.client_for(REVOCATION_CHANNEL).pubsub() as subscription:
            await subscription.subscribe(REVOCATION_CHANNEL)
            self._received.set()
            while True:
                message = await subscription.get_message(ignore_subscribe_messages=True, timeout=_LISTEN_SECONDS)
                if message is not None:
                    self._received.set()
                elif not subscription.subscribed:
                    return
