"""Send commands to one server."""

from collections.abc import Sequence
from typing import Any

from redis.asyncio import Redis

from .script import Command


async def run_id(client: Redis) -> str:
    """Return the random name that a server has until it ends."""
    info = await execute(client, ("INFO", "server"))
    return str(info["run_id"])


async def execute(client: Redis, command: Command) -> Any:
    """Send a command; return its reply."""
    send: Any = client.execute_command
    return await send(*command)


async def pipeline(client: Redis, commands: Sequence[Command]) -> Sequence[Any]:
    """Send the commands on one connection; return their replies, which may be errors."""
    async with client.pipeline(transaction=False) as sent:
        for command in commands:
            sent.execute_command(*command)
        replies: Sequence[Any] = await sent.execute(raise_on_error=False)
        return replies


def result(reply: Any) -> Any:
    """Return a reply of ``pipeline``; raise it if it is an error."""
    if isinstance(reply, Exception):
        raise reply
    return reply
