"""Run scripts and commands on the primary that has their keys, with a time limit."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine, Iterator, Sequence
from contextlib import suppress
from functools import wraps
from typing import Any, Concatenate, Final, ParamSpec, TypeVar

from redis.asyncio import Redis
from redis.exceptions import AskError, MovedError, NoScriptError, RedisError, TryAgainError

from ...domain.errors import StoreUnavailable
from .script import Script
from .topology import Topology

Command = tuple[str | bytes | int | float, ...]

_SCAN_COUNT: Final = 1_000
_MAX_REDIRECTIONS: Final = 4
_WAIT_SHARE: Final = 0.8
"""The share of the time limit for which a change waits for the replicas."""

_Arguments = ParamSpec("_Arguments")
_T = TypeVar("_T")


def _limited(
    act: Callable[Concatenate["RedisCommands", _Arguments], Awaitable[_T]],
) -> Callable[Concatenate["RedisCommands", _Arguments], Coroutine[Any, Any, _T]]:
    """Limit the time and the number of connections; raise ``StoreUnavailable`` for every error of the server.

    The error is raised here, so the last places in the log are those of the callers, and show what has failed.
    """

    @wraps(act)
    async def limited(self: "RedisCommands", /, *args: _Arguments.args, **kwargs: _Arguments.kwargs) -> _T:
        try:
            async with asyncio.timeout(self._timeout), self._connections:
                return await act(self, *args, **kwargs)
        except StoreUnavailable:
            self._refresh_soon()
            raise
        except (RedisError, OSError, TimeoutError) as error:
            self._refresh_soon()
            raise StoreUnavailable from error

    return limited


class RedisCommands:
    """Sends scripts and commands to the server that has their keys.

    Every method raises ``StoreUnavailable`` after ``timeout`` seconds at the latest. A script is sent again only if the
    server said that it did not run it. If ``replicas`` is more than 0, a change returns when that many replicas have it
    (``WAIT``, on the connection of the change), unless its script needs no confirmation.
    """

    def __init__(self, topology: Topology, *, timeout: float, connections: int, replicas: int) -> None:
        self._topology = topology
        self._timeout = timeout
        self._replicas = replicas
        self._connections = asyncio.Semaphore(connections)
        self._refreshing: asyncio.Task[None] | None = None

    @_limited
    async def run_script(self, script: Script, redis_keys: Sequence[str], *arguments: str | bytes | float) -> Any:
        """Return the result of a script."""
        by_sha1: Command = ("EVALSHA", script.sha1, len(redis_keys), *redis_keys, *arguments)
        in_full: Command = ("EVAL", script.text, len(redis_keys), *redis_keys, *arguments)
        replicas = self._replicas if script.confirmed else 0
        return await self._follow_redirections(redis_keys[0], by_sha1, in_full, replicas)

    @_limited
    async def run_command(self, name: str, redis_keys: Sequence[str], *arguments: str | bytes | float) -> list[Any]:
        """Run a command once for each Redis key, which is its first argument; return the results in that order."""
        results: dict[str, Any] = {}
        for client, own_keys in self._by_client(redis_keys):
            replies = await _pipeline(client, [(name, each, *arguments) for each in own_keys])
            results.update(zip(own_keys, map(_result, replies), strict=True))
        return [results[each] for each in redis_keys]

    async def scan(self, pattern: str) -> AsyncIterator[bytes]:
        """Yield the Redis keys on every primary that match a pattern. A key may be yielded twice."""
        for client in self._topology.primaries():
            cursor: int | bytes = 0
            while True:
                cursor, found = await self._scan_page(client, pattern, cursor)
                for redis_key in found:
                    yield redis_key
                if int(cursor) == 0:
                    break

    async def close(self) -> None:
        """Stop the refresh of the topology."""
        if self._refreshing is not None:
            self._refreshing.cancel()
            with suppress(asyncio.CancelledError):
                await self._refreshing

    @_limited
    async def _scan_page(self, client: Redis, pattern: str, cursor: int | bytes) -> Any:
        """Return the cursor of the next page of a scan, and the Redis keys of this page."""
        return await _execute(client, ("SCAN", cursor, "MATCH", pattern, "COUNT", _SCAN_COUNT))

    def _by_client(self, redis_keys: Sequence[str]) -> Iterator[tuple[Redis, list[str]]]:
        """Yield each server that has some of the keys, and those keys."""
        keys_of_client: dict[Redis, list[str]] = {}
        for redis_key in redis_keys:
            keys_of_client.setdefault(self._topology.client_for(redis_key), []).append(redis_key)
        yield from keys_of_client.items()

    async def _follow_redirections(self, redis_key: str, by_sha1: Command, in_full: Command, replicas: int) -> Any:
        """Run a script in a cluster, also while the slot of its keys moves. A server that redirects did not run it."""
        prefix: list[Command] = []
        client, command = self._topology.client_for(redis_key), by_sha1
        for _ in range(_MAX_REDIRECTIONS):
            try:
                return await self._run_confirmed(client, prefix, command, replicas)
            except NoScriptError:
                command = in_full
            except AskError as error:
                client, prefix = self._topology.client_at(error.host, error.port), [("ASKING",)]
            except MovedError as error:
                client, prefix = self._topology.client_at(error.host, error.port), []
                self._refresh_soon()
        raise TryAgainError("the slot of the key is being moved")

    async def _run_confirmed(self, client: Redis, prefix: Sequence[Command], command: Command, replicas: int) -> Any:
        """Run ``prefix`` and ``command``, and return the result when ``replicas`` replicas have the change."""
        if not prefix and not replicas:
            return await _execute(client, command)
        wait: list[Command] = [("WAIT", replicas, int(self._timeout * _WAIT_SHARE * 1000))] * bool(replicas)
        replies = [*await _pipeline(client, [*prefix, command, *wait])][len(prefix) :]
        result = _result(replies[0])
        if wait and int(_result(replies[1])) < replicas:
            raise StoreUnavailable from TimeoutError("too few replicas confirmed the change")
        return result

    def _refresh_soon(self) -> None:
        """Refresh the topology in the background, for later calls."""
        if self._refreshing is None or self._refreshing.done():
            self._refreshing = asyncio.create_task(self._refresh())

    async def _refresh(self) -> None:
        with suppress(RedisError, OSError, TimeoutError):
            async with asyncio.timeout(self._timeout):
                await self._topology.refresh()


async def _execute(client: Redis, command: Command) -> Any:
    execute: Any = client.execute_command
    return await execute(*command)


async def _pipeline(client: Redis, commands: Sequence[Command]) -> Sequence[Any]:
    """Send the commands on one connection; return their replies, which may be errors."""
    async with client.pipeline(transaction=False) as pipeline:
        for command in commands:
            pipeline.execute_command(*command)
        replies: Sequence[Any] = await pipeline.execute(raise_on_error=False)
        return replies


def _result(reply: Any) -> Any:
    """Return a reply of ``_pipeline``; raise it if it is an error."""
    if isinstance(reply, Exception):
        raise reply
    return reply
