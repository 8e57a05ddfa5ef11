"""The shared connection whose changes replicas confirm."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any, Final

import pytest
from redis.exceptions import ConnectionError as ConnectionLost
from redis.exceptions import NoScriptError

from app.adapters.redis.confirmed_connection import ConfirmedConnection, TooFewReplicas

from .test_shared_connection import without_server

_WAIT: Final = b"*3\r\n$4\r\nWAIT\r\n$1\r\n1\r\n$4\r\n1500\r\n"


class Confirmed:
    """A confirmed connection to nobody."""

    def __init__(self) -> None:
        self.shared, self.transport = without_server()
        self.connection = ConfirmedConnection(self.shared, replicas=1, patience=1.5)

    async def sent(self) -> bytes:
        """Return what was written since the last call, after the steps that are due."""
        for _ in range(4):
            await asyncio.sleep(0)
        written, self.transport.written = b"".join(self.transport.written), []
        return written


@pytest.fixture
async def confirmed() -> AsyncIterator[Confirmed]:
    """Return a connection with one replica."""
    confirmed = Confirmed()
    yield confirmed
    confirmed.connection.close()


def echo(number: int) -> tuple[Any, ...]:
    """Return a command."""
    return ("ECHO", str(number))


def echoed(*numbers: int) -> bytes:
    """Return the text of these commands."""
    return b"".join(b"*2\r\n$4\r\nECHO\r\n$1\r\n%d\r\n" % number for number in numbers)


async def test_all_that_wait_share_one_confirmation(confirmed: Confirmed) -> None:
    """Commands that wait together are one write with one WAIT after them, and none is answered before its reply."""
    waiting = [confirmed.connection.send(echo(number)) for number in range(3)]
    assert await confirmed.sent() == echoed(0, 1, 2) + _WAIT
    confirmed.shared.data_received(b":0\r\n:1\r\n:2\r\n")
    await confirmed.sent()
    assert not any(each.done() for each in waiting)
    confirmed.shared.data_received(b":1\r\n")
    assert await asyncio.gather(*waiting) == [0, 1, 2]


async def test_others_are_sent_after_the_confirmation(confirmed: Confirmed) -> None:
    """What comes during a WAIT is sent after it. A call that was cancelled before is never sent."""
    first = confirmed.connection.send(echo(1))
    assert await confirmed.sent() == echoed(1) + _WAIT
    later = [confirmed.connection.send(echo(number)) for number in (2, 3, 4)]
    later[1].cancel()
    assert await confirmed.sent() == b""
    confirmed.shared.data_received(b":1\r\n:1\r\n")
    assert await confirmed.sent() == echoed(2, 4) + _WAIT
    assert await first == 1
    confirmed.shared.data_received(b":2\r\n:4\r\n:2\r\n")
    assert [await later[0], await later[2]] == [2, 4]


async def test_an_unconfirmed_change_fails_and_an_error_stays(confirmed: Confirmed) -> None:
    """If too few replicas confirm, no call gets its reply. A command that did not run keeps its own error."""
    waiting = [confirmed.connection.send(echo(number)) for number in range(3)]
    await confirmed.sent()
    confirmed.shared.data_received(b":0\r\n-NOSCRIPT none\r\n:2\r\n:0\r\n")
    first, second, third = await asyncio.gather(*waiting, return_exceptions=True)
    assert isinstance(first, TooFewReplicas)
    assert isinstance(second, NoScriptError)
    assert isinstance(third, TooFewReplicas)
    assert first is not third


async def test_all_that_wait_fail_with_the_connection(confirmed: Confirmed) -> None:
    """When the connection breaks, the calls that were sent fail, and so do those that were not."""
    waiting = [confirmed.connection.send(echo(1))]
    await confirmed.sent()
    waiting.append(confirmed.connection.send(echo(2)))
    confirmed.transport.closed = True
    confirmed.shared.connection_lost(None)
    results = await asyncio.gather(*waiting, return_exceptions=True)
    assert all(isinstance(each, ConnectionLost) for each in results)
    assert await confirmed.sent() == b""
    assert not confirmed.connection.usable
