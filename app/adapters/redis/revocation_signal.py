"""Being told of revocations by the server."""

import asyncio
from contextlib import suppress
from typing import Final

from redis.exceptions import RedisError

from ...domain.errors import StoreUnavailable
from .key_names import CHANNEL
from .topology import Topology

_LISTEN_SECONDS: Final = 5.0
_RETRY_SECONDS: Final = 0.5
_CALM_SECONDS: Final = 0.2
"""Between two wake-ups: a hundred revocations at once are learnt at once."""


class RevocationSignal:
    """Subscribes in the background, again and again where it must; a message that is missed is learnt by asking."""

    def __init__(self, topology: Topology) -> None:
        self._topology = topology
        self._told = asyncio.Event()
        self._listening: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Begin to listen."""
        if self._listening is None or self._listening.done():
            self._listening = asyncio.create_task(self._listen_for_ever())

    async def wait(self, seconds: float) -> None:
        """Return when a message has come since the last call, or after ``seconds``."""
        await asyncio.sleep(min(_CALM_SECONDS, seconds))
        with suppress(TimeoutError):
            async with asyncio.timeout(max(0.0, seconds - _CALM_SECONDS)):
                await self._told.wait()
        self._told.clear()

    async def stop(self) -> None:
        """End listening."""
        while self._listening is not None and not self._listening.done():
            self._listening.cancel()
            # redis-py can take a cancellation for the end of its own patience.
            await asyncio.wait({self._listening}, timeout=_CALM_SECONDS)

    async def _listen_for_ever(self) -> None:
        while True:
            with suppress(RedisError, OSError, TimeoutError, StoreUnavailable):
                await self._listen()
            await asyncio.sleep(_RETRY_SECONDS)

    async def _listen(self) -> None:
        """Listen until the connection breaks; any node of a cluster tells what was published on any other."""
        async with self._topology.owner(CHANNEL).pubsub() as subscription:
            await subscription.subscribe(CHANNEL)
            self._told.set()
            while True:
                message = await subscription.get_message(ignore_subscribe_messages=True, timeout=_LISTEN_SECONDS)
                if message is not None:
                    self._told.set()
                elif not subscription.subscribed:
                    return
