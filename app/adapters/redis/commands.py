"""Run scripts and commands on the primary that has their keys, with a time limit."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from functools import wraps
from typing import Any, Concatenate, Final, ParamSpec, TypeVar

from redis.asyncio import Redis
from redis.exceptions import AskError, MovedError, NoScriptError, RedisError, TryAgainError

from ...domain.errors import StoreUnavailable
from ..store_faults import RecentRefusal
from .confirmed_connection import ConfirmedConnection
from .messages import fault_of, pipeline, result
from .scan_place import ScanPlace
from .script import Arguments, Command, Script
from .server_faults import too_few_replicas
from .shared_connection import SharedConnection
from .shared_connections import SharedConnections
from .topology import Topology
from .wrong_types import is_wrong_type, move_aside

Run = tuple[Sequence[str], Arguments]
"""The Redis keys and the arguments of one run of a script."""

_MAX_REDIRECTIONS: Final = 4
_WAIT_SHARE: Final = 0.8
"""The share of the time limit for which a change waits for the replicas."""

_Arguments = ParamSpec("_Arguments")
_T = TypeVar("_T")


def _reported(
    act: Callable[Concatenate["RedisCommands", _Arguments], Awaitable[_T]],
) -> Callable[Concatenate["RedisCommands", _Arguments], Coroutine[Any, Any, _T]]:
    """Raise ``StoreUnavailable`` for every error of the server, and note it.

    The error is raised here, so the last places in the log are those of the callers, and show what has failed.
    """

    @wraps(act)
    async def reported(self: "RedisCommands", /, *args: _Arguments.args, **kwargs: _Arguments.kwargs) -> _T:
        try:
            return await act(self, *args, **kwargs)
        except StoreUnavailable as error:
            self._refresh_soon()
            self.refusal.note(error)
            raise
        except (RedisError, OSError, TimeoutError) as error:
            self._refresh_soon()
            fault = fault_of(error)
            self.refusal.note(fault)
            raise fault from error

    return reported


def _limited(
    act: Callable[Concatenate["RedisCommands", _Arguments], Awaitable[_T]],
) -> Callable[Concatenate["RedisCommands", _Arguments], Coroutine[Any, Any, _T]]:
    """Limit the time, and report errors as ``_reported`` does."""

    @_reported
    @wraps(act)
    async def limited(self: "RedisCommands", /, *args: _Arguments.args, **kwargs: _Arguments.kwargs) -> _T:
        async with asyncio.timeout(self._timeout):
            return await act(self, *args, **kwargs)

    return limited


class RedisCommands:
    """Sends scripts and commands to the server that has their keys.

    Every method raises ``StoreUnavailable`` after ``timeout`` seconds at the latest. A script is sent again only if the
    server said that it did not run it. If ``replicas`` is more than 0, a change returns when that many replicas have it
    (``WAIT``, on the connection of the change), unless its script needs no confirmation. ``refusal`` is the last
    one that the server refused.

    Single scripts share one connection to each server, and another one if replicas must confirm them. What may take
    long, such as many scripts or a scan, has a connection of its own meanwhile, so that no refresh waits for it.
    """

    def __init__(self, topology: Topology, *, timeout: float, connections: int, replicas: int) -> None:
        self._topology = topology
        self._timeout = timeout
        self._replicas = replicas
        self._shared = SharedConnections(lambda shared: shared, timeout=timeout)
        self._confirmed = SharedConnections(self._confirming, timeout=timeout)
        self._own_connections = asyncio.Semaphore(max(1, connections - (2 if replicas else 1)))
        self._refreshing: asyncio.Task[None] | None = None
        self.refusal = RecentRefusal()

    @asynccontextmanager
    async def one_act(self) -> AsyncIterator[None]:
        """Limit the time of several commands together; raises ``StoreUnavailable`` if they take longer."""
        try:
            async with asyncio.timeout(self._timeout):
                yield
        except TimeoutError as error:
            raise fault_of(error) from error

    async def run_script(self, script: Script, redis_keys: Sequence[str], *arguments: str | bytes | float) -> Any:
        """Return the result of a script."""
        try:
            return await self._run_script(script, redis_keys, *arguments)
        except StoreUnavailable as error:
            if not is_wrong_type(error) or not await self._move_aside(redis_keys):
                raise error.with_traceback(None) from error.__cause__  # the last places in the log are the callers'
        return await self._run_script(script, redis_keys, *arguments)

    async def run_each(self, script: Script, runs: Sequence[Run]) -> list[Any]:
        """Run a script once for each of ``runs``, and return the results in that order. No two have the same first key.

        Each server receives all its runs at once. Each run is atomic; all of them together are not.
        """
        every = [each for redis_keys, _ in runs for each in redis_keys]
        return await self._readable(every, lambda: self._run_each(script, runs))

    async def run_command(self, name: str, redis_keys: Sequence[str], *arguments: str | bytes | float) -> list[Any]:
        """Run a command once for each Redis key, which is its first argument; return the results in that order."""
        return await self._readable(redis_keys, lambda: self._run_command(name, redis_keys, *arguments))

    async def _readable(self, redis_keys: Sequence[str], act: Callable[[], Awaitable[_T]]) -> _T:
        """Return the result of ``act``. If a key has another type, move it aside and run ``act`` again: what a script
        did before it met the key, it finds done.
        """
        try:
            return await act()
        except StoreUnavailable as error:
            if not is_wrong_type(error) or not await self._move_aside(redis_keys):
                raise
        return await act()

    @_limited
    async def _move_aside(self, redis_keys: Sequence[str]) -> bool:
        async def run(redis_key: str, command: Command) -> Any:
            [reply] = await self._pipeline(self._topology.client_for(redis_key), [command])
            return reply

        return await move_aside(redis_keys, run)

    @_reported
    async def _run_script(self, script: Script, redis_keys: Sequence[str], *arguments: str | bytes | float) -> Any:
        started = asyncio.get_running_loop().time()
        client = self._topology.client_for(redis_keys[0])
        if not self._replicas_of(script) and (connection := self._shared.find(client)) is not None:
            with suppress(AskError, MovedError, NoScriptError):  # it did not run
                return await connection.send(script.by_sha1(redis_keys, arguments))
        async with asyncio.timeout_at(started + self._timeout):
            return await self._follow_redirections(script, redis_keys, arguments)

    @_limited
    async def _run_each(self, script: Script, runs: Sequence[Run]) -> list[Any]:
        by_first_key = {redis_keys[0]: (redis_keys, arguments) for redis_keys, arguments in runs}
        replies: dict[str, Any] = {}
        for client, first_keys in self._by_client(list(by_first_key)):
            replies |= await self._run_at(client, script, {each: by_first_key[each] for each in first_keys})
        for first_key, reply in replies.items():
            if isinstance(reply, (AskError, MovedError)):
                replies[first_key] = await self._follow_redirections(script, *by_first_key[first_key])
        return [result(replies[each]) for each in by_first_key]

    @_limited
    async def _run_command(self, name: str, redis_keys: Sequence[str], *arguments: str | bytes | float) -> list[Any]:
        results: dict[str, Any] = {}
        for client, own_keys in self._by_client(redis_keys):
            replies = await self._pipeline(client, [(name, each, *arguments) for each in own_keys])
            results.update(zip(own_keys, map(result, replies), strict=True))
        return [results[each] for each in redis_keys]

    @_limited
    async def server_time(self) -> float:
        """Return the time of the primary of one key, in seconds since the epoch."""
        [reply] = await self._pipeline(self._topology.client_for("keyturn"), [("TIME",)])
        seconds, microseconds = result(reply)
        return int(seconds) + int(microseconds) / 1_000_000

    @_limited
    async def scan(self, pattern: str, *, after: str, count: int) -> tuple[list[bytes], str | None]:
        """Return Redis keys that match a pattern, among about ``count`` keys of one primary, and the cursor of the next
        call (``None`` after the last one). ``after`` is the cursor of this call, "" for the first one.

        All calls together return each key that was there all the time at least once, also after a failover.
        """
        clients = {await self._run_id(each): each for each in self._topology.primaries()}
        if not clients:
            raise StoreUnavailable from RedisError("no primary is known")
        place = ScanPlace.parse(after).among(list(clients))
        if place is None:
            return [], None
        scan: Command = ("SCAN", place.cursor, "MATCH", pattern, "COUNT", count)
        replies = await self._pipeline(clients[place.run_id], [("INFO", "server"), scan])
        if result(replies[0])["run_id"] != place.run_id:
            raise StoreUnavailable from RedisError("another server took the place of this one")
        cursor, found = result(replies[1])
        following = place.moved_to(int(cursor)).among(list(clients))
        return list(found), None if following is None else following.text()

    async def close(self) -> None:
        """Stop the refresh of the topology, and close the shared connections."""
        await self._shared.close()
        await self._confirmed.close()
        if self._refreshing is not None:
            self._refreshing.cancel()
            with suppress(asyncio.CancelledError):
                await self._refreshing

    def one_for_each_server(self, redis_keys: Sequence[str]) -> list[str]:
        """Return one of the keys for each server that has some of them."""
        return [own_keys[0] for _, own_keys in self._by_client(redis_keys)]

    def _by_client(self, redis_keys: Sequence[str]) -> Iterator[tuple[Redis, list[str]]]:
        """Yield each server that has some of the keys, and those keys."""
        keys_of_client: dict[Redis, list[str]] = {}
        for redis_key in redis_keys:
            keys_of_client.setdefault(self._topology.client_for(redis_key), []).append(redis_key)
        yield from keys_of_client.items()

    async def _run_at(self, client: Redis, script: Script, runs: Mapping[str, Run]) -> dict[str, Any]:
        """Run a script once for each of ``runs`` at one server, and return the replies, which may be errors."""
        by_sha1 = {first_key: script.by_sha1(*run) for first_key, run in runs.items()}
        replies = await self._pipeline_confirmed(client, list(by_sha1.values()), self._replicas_of(script))
        found = dict(zip(by_sha1, replies, strict=True))
        unknown = [first_key for first_key, reply in found.items() if isinstance(reply, NoScriptError)]
        if unknown:
            commands = [script.in_full(*runs[unknown[0]]), *(by_sha1[each] for each in unknown[1:])]
            replies = await self._pipeline_confirmed(client, commands, self._replicas_of(script))
            found.update(zip(unknown, replies, strict=True))
        return found

    async def _follow_redirections(self, script: Script, redis_keys: Sequence[str], arguments: Arguments) -> Any:
        """Run a script in a cluster, also while the slot of its keys moves. A server that redirects did not run it."""
        prefix: list[Command] = []
        client, command = self._topology.client_for(redis_keys[0]), script.by_sha1(redis_keys, arguments)
        for _ in range(_MAX_REDIRECTIONS):
            try:
                return await self._run_confirmed(client, prefix, command, self._replicas_of(script))
            except NoScriptError:
                command = script.in_full(redis_keys, arguments)
            except AskError as error:
                client, prefix = self._topology.client_at(error.host, error.port), [("ASKING",)]
            except MovedError as error:
                client, prefix = self._topology.client_at(error.host, error.port), []
                self._refresh_soon()
        raise TryAgainError("the slot of the key is being moved")

    async def _run_confirmed(self, client: Redis, prefix: Sequence[Command], command: Command, replicas: int) -> Any:
        """Run ``prefix`` and ``command``, and return the result when ``replicas`` replicas have the change."""
        if not replicas:
            return await (await self._shared.open(client)).send(*prefix, command)
        if not prefix:
            return await (await self._confirmed.open(client)).send(command)
        replies = await self._pipeline_confirmed(client, [*prefix, command], replicas)
        return result(replies[-1])

    async def _pipeline_confirmed(self, client: Redis, commands: Sequence[Command], replicas: int) -> Sequence[Any]:
        """Run the commands, and return their replies when ``replicas`` replicas have their changes."""
        if not replicas:
            return await self._pipeline(client, commands)
        wait: Command = ("WAIT", replicas, int(self._timeout * _WAIT_SHARE * 1000))
        *replies, confirmed = await self._pipeline(client, [*commands, wait])
        if any(not isinstance(reply, Exception) for reply in replies) and int(result(confirmed)) < replicas:
            raise too_few_replicas()
        return replies

    async def _pipeline(self, client: Redis, commands: Sequence[Command]) -> Sequence[Any]:
        """Send the commands on a connection that no other call uses meanwhile; return their replies."""
        async with self._own_connections:
            return await pipeline(client, commands)

    async def _run_id(self, client: Redis) -> str:
        [info] = await self._pipeline(client, [("INFO", "server")])
        return str(result(info)["run_id"])

    def _confirming(self, connection: SharedConnection) -> ConfirmedConnection:
        return ConfirmedConnection(connection, replicas=self._replicas, patience=self._timeout * _WAIT_SHARE)

    def _replicas_of(self, script: Script) -> int:
        """Return the number of replicas that must confirm the changes of a script."""
        return self._replicas if script.confirmed else 0

    def _refresh_soon(self) -> None:
        """Refresh the topology in the background, for later calls."""
        if self._refreshing is None or self._refreshing.done():
            self._refreshing = asyncio.create_task(self._refresh())

    async def _refresh(self) -> None:
        with suppress(RedisError, OSError, TimeoutError):
            async with asyncio.timeout(self._timeout):
                await self._topology.refresh()
