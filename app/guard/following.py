"""Follow an issuer in a task of whichever event loop asks first."""

import asyncio
import logging
from contextlib import suppress
from typing import Final

from .issuer_follower import IssuerFollower

_LOG: Final = logging.getLogger("keyturn.guard")


class TaskFollowing:
    """Runs the follower in one task. If its loop has ended, another loop can start it again."""

    def __init__(self, follower: IssuerFollower) -> None:
        self._follower = follower
        self._task: asyncio.Task[None] | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._begun: asyncio.Event | None = None

    @property
    def is_running(self) -> bool:
        """Whether the issuer is followed, and the first fetches are over."""
        return self._is_alive() and self._begun is not None and self._begun.is_set()

    async def start(self) -> None:
        """Begin to follow in the running loop, unless that is done already. Return after the first fetches, which have
        5 seconds. A follower in the loop of another thread is not waited for.
        """
        loop = asyncio.get_running_loop()
        if not self._is_alive():
            self._loop, self._begun = loop, asyncio.Event()
            self._task = loop.create_task(self._follow(self._begun))
        if self._loop is loop and self._begun is not None:
            await self._begun.wait()

    async def stop(self) -> None:
        """Follow no longer, if this loop is the one that follows."""
        task, self._task = self._task, None
        if task is not None and self._loop is asyncio.get_running_loop():
            task.cancel()
            with suppress(asyncio.CancelledError):
                await task

    def _is_alive(self) -> bool:
        task, loop = self._task, self._loop
        return task is not None and loop is not None and not task.done() and not loop.is_closed()

    async def _follow(self, begun: asyncio.Event) -> None:
        try:
            async with self._follower.running():
                begun.set()
                await asyncio.Event().wait()
        except Exception:  # noqa: BLE001  # nobody awaits this task
            _LOG.exception("following the issuer ended")
        finally:
            begun.set()
