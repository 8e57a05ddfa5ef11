"""The connection to each server that all calls share."""

import asyncio
from collections.abc import Callable
from contextlib import suppress
from typing import Any, Generic, Protocol, TypeVar
from weakref import WeakSet

from redis.asyncio import Redis
from redis.exceptions import RedisError

from .shared_connection import SharedConnection


class _Connection(Protocol):
    @property
    def usable(self) -> bool: ...

    def close(self) -> None: ...


_C = TypeVar("_C", bound=_Connection)


class SharedConnections(Generic[_C]):
    """Opens one shared connection to each server, and another one when it broke or is in doubt.

    ``timeout`` is the time that each command has, in seconds. ``make`` makes what ``find`` and ``open`` return of a
    shared connection.
    """

    def __init__(self, make: Callable[[SharedConnection], _C], *, timeout: float) -> None:
        self._make = make
        self._timeout = timeout
        self._current: dict[Redis, _C] = {}
        self._opening: dict[Redis, asyncio.Task[_C]] = {}
        self._all: WeakSet[_C] = WeakSet()

    def find(self, client: Redis) -> _C | None:
        """Return the connection to the server of ``client``; ``None`` if none can be used."""
        connection = self._current.get(client)
        return connection if connection is not None and connection.usable else None

    async def open(self, client: Redis) -> _C:
        """Return the connection to the server of ``client``. If there is none, all callers wait for the same one.

        Raises ``RedisError``, ``OSError`` and ``TimeoutError``.
        """
        if (connection := self.find(client)) is not None:
            return connection
        opening = self._opening.get(client)
        if opening is None or opening.done():
            opening = self._opening[client] = asyncio.create_task(self._connect(client))
        return await asyncio.shield(opening)

    async def close(self) -> None:
        """Close all connections. What waits for a reply fails."""
        for opening in self._opening.values():
            opening.cancel()
        await asyncio.gather(*self._opening.values(), return_exceptions=True)
        for connection in self._all:
            connection.close()

    async def _connect(self, client: Redis) -> _C:
        pool: Any = client.connection_pool
        connecting: Any = pool.make_connection()
        try:
            async with asyncio.timeout(self._timeout):
                await connecting.connect()
            connection = self._make(SharedConnection.take_over(connecting, timeout=self._timeout))
        except BaseException:
            with suppress(RedisError, OSError):
                await connecting.disconnect(nowait=True)
            raise
        self._all.add(connection)
        self._current[client] = connection
        return connection
