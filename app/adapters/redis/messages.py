"""Send commands to one server."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from redis.asyncio import Redis
from redis.exceptions import (
    AuthenticationError,
    BusyLoadingError,
    ClusterDownError,
    MasterDownError,
    NoPermissionError,
    OutOfMemoryError,
    ReadOnlyError,
    ResponseError,
    TryAgainError,
)

from ...domain.errors import StoreUnavailable
from .confirmed_connection import TooFewReplicas
from .script import Command
from .server_faults import fault_of_connection, fault_of_reply, too_few_replicas

_WORDS: Final[Mapping[type[Exception], str]] = {
    AuthenticationError: "WRONGPASS",
    BusyLoadingError: "LOADING",
    ClusterDownError: "CLUSTERDOWN",
    MasterDownError: "MASTERDOWN",
    NoPermissionError: "NOPERM",
    OutOfMemoryError: "OOM",
    ReadOnlyError: "READONLY",
    TryAgainError: "TRYAGAIN",
}
"""The first words that redis-py takes off the errors of these classes."""


def fault_of(error: Exception) -> StoreUnavailable:
    """Return the error of the ports for an error of redis-py."""
    if isinstance(error, TooFewReplicas):
        return too_few_replicas()
    word = _WORDS.get(type(error))
    if word is not None:
        return fault_of_reply(f"{word} {error}")
    return fault_of_reply(str(error)) if isinstance(error, ResponseError) else fault_of_connection(error)


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
