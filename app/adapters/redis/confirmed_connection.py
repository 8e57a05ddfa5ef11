"""A shared connection whose changes are answered when replicas have them."""

import asyncio
from functools import partial
from typing import Any

from redis.exceptions import ConnectionError as ConnectionLost
from redis.exceptions import RedisError

from .script import Command
from .shared_connection import SharedConnection

_Call = tuple[Command, asyncio.Future[Any]]


class TooFewReplicas(RedisError):
    """A change was made, but too few replicas confirmed it in time. A failover could lose it."""


class ConfirmedConnection:
    """Sends all commands that wait together, and one ``WAIT`` after them. They are answered when ``replicas`` replicas
    have what they changed, or have all failed ``patience`` seconds later.

    Meanwhile the next commands wait here, because the server would not run them before the end of the ``WAIT`` anyway.
    One whose caller goes away before it is sent is never sent.
    """

    def __init__(self, connection: SharedConnection, *, replicas: int, patience: float) -> None:
        self._connection = connection
        self._wait: Command = ("WAIT", replicas, int(patience * 1000))
        self._replicas = replicas
        self._unsent: list[_Call] = []
        self._is_waiting = False

    @property
    def usable(self) -> bool:
        """Return whether it takes commands."""
        return self._connection.usable

    def send(self, command: Command) -> asyncio.Future[Any]:
        """Send a command, and return its confirmed reply.

        The future raises ``RedisError``: an error of the server, or that its reply or its confirmation did not come.
        """
        future: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
        if not self._is_waiting and not self._unsent:
            future.get_loop().call_soon(self._send_all)
        self._unsent.append((command, future))
        return future

    def close(self) -> None:
        """Close the connection. All calls fail."""
        self._connection.close()
        self._fail_unsent()

    def _send_all(self) -> None:
        calls, self._unsent = [call for call in self._unsent if not call[1].done()], []
        if not self._connection.usable:
            self._unsent = calls
            self._fail_unsent()
        elif calls:
            self._is_waiting = True
            sent = [(self._connection.send(command), future) for command, future in calls]
            self._connection.send(self._wait).add_done_callback(partial(self._answer, sent))

    def _answer(
        self, sent: list[tuple[asyncio.Future[Any], asyncio.Future[Any]]], confirmed: asyncio.Future[Any]
    ) -> None:
        """Answer the calls, and send those that have come meanwhile."""
        self._is_waiting = False
        fault = confirmed.exception()
        if fault is None and int(confirmed.result()) < self._replicas:
            fault = TooFewReplicas("too few replicas confirmed the change")
        for reply, future in sent:
            error = reply.exception() or (fault and type(fault)(*fault.args))  # each caller has an error of its own
            if future.done():
                continue
            if error is None:
                future.set_result(reply.result())
            else:
                future.set_exception(error)
        self._send_all()

    def _fail_unsent(self) -> None:
        unsent, self._unsent = self._unsent, []
        for _, future in unsent:
            if not future.done():
                future.set_exception(ConnectionLost("the connection was lost before the command was sent"))
