"""Running scripts: each on the primary that has its keys, once, within a time."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import suppress
from typing import Any, Final

from redis.asyncio import Redis
from redis.exceptions import AskError, MovedError, NoScriptError, RedisError, TryAgainError

from ...domain.errors import StoreUnavailable
from .scripts import Script
from .topology import Topology

Command = tuple[str | bytes | int | float, ...]

_SCANNED_AT_ONCE: Final = 1_000
_REDIRECTIONS: Final = 4
_WAIT_SHARE: Final = 0.8
"""Of the time of an act, for which the replicas are waited for."""


class Exchange:
    """Sends scripts to whichever server has their keys.

    Every method raises ``StoreUnavailable`` after ``timeout`` seconds at the latest. A script is sent again only where
    the server said that it did not run it. Where ``replicas`` is more than 0, so many must have what it wrote before it
    is done (``WAIT``, on the connection that wrote), unless it needs no confirmation.
    """

    def __init__(self, topology: Topology, *, timeout: float, connections: int, replicas: int) -> None:
        self._topology = topology
        self._timeout = timeout
        self._replicas = replicas
        self._places = asyncio.Semaphore(connections)
        self._learning: asyncio.Task[None] | None = None

    async def run(self, script: Script, keys: Sequence[str], *arguments: str | bytes | float) -> Any:
        """Return what the script returns."""
        by_name: Command = ("EVALSHA", script.name, len(keys), *keys, *arguments)
        in_full: Command = ("EVAL", script.text, len(keys), *keys, *arguments)
        try:
            async with asyncio.timeout(self._timeout), self._places:
                replicas = self._replicas if script.confirmed else 0
                return await self._redirected(keys[0], by_name, in_full, replicas)
        except StoreUnavailable:
            self._learn_soon()
            raise
        except (RedisError, OSError, TimeoutError) as error:
            self._learn_soon()
            raise StoreUnavailable from error

    async def read(self, keys: Sequence[str], *command: str | bytes | float) -> list[Any]:
        """Return the answers to one command, whose first argument is the key, for each of many keys."""
        owners: dict[Redis, list[int]] = {}
        try:
            async with asyncio.timeout(self._timeout), self._places:
                for place, key in enumerate(keys):
                    owners.setdefault(self._topology.owner(key), []).append(place)
                answers: list[Any] = [None] * len(keys)
                for client, places in owners.items():
                    asked = await _together(client, [(command[0], keys[place], *command[1:]) for place in places])
                    for place, answer in zip(places, asked, strict=True):
                        answers[place] = _unless_error(answer)
                return answers
        except (RedisError, OSError, TimeoutError) as error:
            self._learn_soon()
            raise StoreUnavailable from error

    async def scan(self, pattern: str) -> AsyncIterator[bytes]:
        """Yield the keys of a pattern on every primary; a key may come twice."""
        for client in self._topology.primaries():
            cursor: int | bytes = 0
            while True:
                try:
                    async with asyncio.timeout(self._timeout), self._places:
                        command: Command = ("SCAN", cursor, "MATCH", pattern, "COUNT", _SCANNED_AT_ONCE)
                        cursor, keys = await _alone(client, command)
                except (RedisError, OSError, TimeoutError) as error:
                    self._learn_soon()
                    raise StoreUnavailable from error
                for key in keys:
                    yield key
                if int(cursor) == 0:
                    break

    async def finish(self) -> None:
        """End what goes on in the background."""
        if self._learning is not None:
            self._learning.cancel()
            with suppress(asyncio.CancelledError):
                await self._learning

    async def _redirected(self, key: str, by_name: Command, in_full: Command, replicas: int) -> Any:
        """Follow a cluster whose slots move: a script that was redirected did not run."""
        ahead: list[Command] = []
        client, command = self._topology.owner(key), by_name
        for _ in range(_REDIRECTIONS):
            try:
                return await self._confirmed(client, ahead, command, replicas)
            except NoScriptError:
                command = in_full
            except AskError as error:
                client, ahead = self._topology.at(error.host, error.port), [("ASKING",)]
            except MovedError as error:
                client, ahead = self._topology.at(error.host, error.port), []
                self._learn_soon()
        raise TryAgainError("the slot of the key moves")

    async def _confirmed(self, client: Redis, ahead: Sequence[Command], command: Command, replicas: int) -> Any:
        if not ahead and not replicas:
            return await _alone(client, command)
        wait: list[Command] = [("WAIT", replicas, int(self._timeout * _WAIT_SHARE * 1000))] * bool(replicas)
        answers = [*await _together(client, [*ahead, command, *wait])][len(ahead) :]
        answer = _unless_error(answers[0])
        if wait and int(_unless_error(answers[1])) < replicas:
            raise StoreUnavailable from TimeoutError("too few replicas confirmed the change")
        return answer

    def _learn_soon(self) -> None:
        """Find out where keys are now, for the next act."""
        if self._learning is None or self._learning.done():
            self._learning = asyncio.create_task(self._learn())

    async def _learn(self) -> None:
        with suppress(RedisError, OSError, TimeoutError):
            async with asyncio.timeout(self._timeout):
                await self._topology.learn()


async def _alone(client: Redis, command: Command) -> Any:
    execute: Any = client.execute_command
    return await execute(*command)


async def _together(client: Redis, commands: Sequence[Command]) -> Sequence[Any]:
    """Send the commands on one connection, and return the answers; an error is an answer, too."""
    async with client.pipeline(transaction=False) as pipeline:
        for command in commands:
            pipeline.execute_command(*command)
        answers: Sequence[Any] = await pipeline.execute(raise_on_error=False)
        return answers


def _unless_error(answer: Any) -> Any:
    if isinstance(answer, Exception):
        raise answer
    return answer
