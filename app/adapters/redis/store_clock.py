"""The clock of a Redis or Valkey server."""

from ...ports.store_clock import StoreClock
from .commands import RedisCommands


class RedisStoreClock(StoreClock):
    """Asks a server for its ``TIME``. In a cluster it is the primary of one slot, because all need right clocks."""

    def __init__(self, commands: RedisCommands) -> None:
        self._commands = commands

    async def now(self) -> float:
        return await self._commands.server_time()
