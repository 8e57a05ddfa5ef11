"""The patience of a request's sender: until its time is over, or until it disconnects."""

import asyncio
from types import TracebackType
from typing import Final, Self

from aiohttp import web

from ....domain.errors import Overloaded
from ....ports.patience import Patience
from ..server.connection import Connection

REFRESH_SECONDS: Final = web.AppKey("keyturn_refresh_seconds", float)
"""The seconds within which a refresh is to be committed."""


class RequestPatience(Patience):
    """Cancels its block after ``seconds``, and when the client disconnects, until the block begins to commit.

    After its time the block raises ``Overloaded``.
    """

    def __init__(self, request: web.Request, seconds: float) -> None:
        self._connection = request.protocol
        self._time_limit = asyncio.timeout(seconds)

    async def __aenter__(self) -> Self:
        await self._time_limit.__aenter__()
        self._cancel_on_disconnect(cancel=True)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._cancel_on_disconnect(cancel=False)
        try:
            await self._time_limit.__aexit__(kind, error, traceback)
        except TimeoutError as over:
            raise Overloaded(reason="late") from over

    def begin_commit(self) -> None:
        if self._connection.transport is None or self._connection.transport.is_closing():
            raise Overloaded(reason="gone")
        self._cancel_on_disconnect(cancel=False)
        self._time_limit.reschedule(None)

    def _cancel_on_disconnect(self, *, cancel: bool) -> None:
        if isinstance(self._connection, Connection):
            self._connection.cancels_on_disconnect = cancel
