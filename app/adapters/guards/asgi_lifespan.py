"""The lifespan of a guarded ASGI application, whether or not the application or the server has one."""

import logging
from collections.abc import Awaitable
from typing import Final, Protocol

from .asgi_types import Application, Message, Receive, Scope, Send

_LOG: Final = logging.getLogger("keyturn.guard")

_STARTUP_ANSWERS: Final = ("lifespan.startup.complete", "lifespan.startup.failed")


class Following(Protocol):
    """Follows the issuer in the background of an event loop."""

    @property
    def is_running(self) -> bool:
        """Whether the issuer is followed, and the first fetches are over."""
        ...

    def start(self) -> Awaitable[None]:
        """Begin to follow in the running loop, unless that is done already. Return after the first fetches."""
        ...

    def stop(self) -> Awaitable[None]:
        """Follow no longer."""
        ...


class FollowedLifespan:
    """One lifespan: the issuer is followed before the application starts, and until it has stopped."""

    def __init__(self, app: Application, following: Following | None) -> None:
        self._app = app
        self._following = following
        self._startup_was_read = False
        self._startup_was_answered = False

    async def run(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Run the lifespan of the application, or one in its place if it has none."""

        async def reading() -> Message:
            self._startup_was_read = True
            return await receive()

        async def answering(message: Message) -> None:
            self._startup_was_answered |= message["type"] in _STARTUP_ANSWERS
            await send(message)

        if self._following is not None:
            await self._following.start()
        try:
            try:
                await self._app(scope, reading, answering)
            except Exception as error:
                if self._startup_was_answered:
                    raise
                _LOG.warning(
                    "the application raised %s before it answered the start: it is served as one without a lifespan",
                    type(error).__name__,
                    exc_info=self._startup_was_read,  # who reads the start knows lifespans, so this is a fault
                )
            if not self._startup_was_answered:
                await self._run_alone(receive, send)
        finally:
            if self._following is not None:
                await self._following.stop()

    async def _run_alone(self, receive: Receive, send: Send) -> None:
        """Start and stop without the application (ASGI lifespan, "scope": it may raise for a lifespan)."""
        if not self._startup_was_read:
            await receive()
        await send({"type": "lifespan.startup.complete"})
        await receive()
        await send({"type": "lifespan.shutdown.complete"})
