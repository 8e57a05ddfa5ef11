"""Addresses: whose they are before and while somebody listens on them."""

import socket
from contextlib import ExitStack

import pytest

from app.adapters.http.server.listening import bind
from app.domain.errors import ConfigurationError


async def test_nobody_connects_before_it_listens() -> None:
    """A bound socket refuses connections, and takes them once it listens; its text is the URL."""
    (bound,) = await bind("127.0.0.1", 0)
    with bound:
        address = bound.getsockname()
        assert str(bound) == f"http://127.0.0.1:{address[1]}"
        with pytest.raises(ConnectionRefusedError):
            socket.create_connection(address)
        bound.listen()
        socket.create_connection(address).close()


async def test_a_port_that_another_listens_on_is_refused() -> None:
    """Whether the other was there first or came between binding and listening: the message names address and port."""
    with ExitStack() as closing:
        first, *_ = [closing.enter_context(each) for each in await bind("127.0.0.1", 0)]
        port = first.getsockname()[1]
        late, *_ = [closing.enter_context(each) for each in await bind("127.0.0.1", port)]
        first.listen()
        with pytest.raises(ConfigurationError, match=f"Cannot listen on 127.0.0.1 port {port}: .*in use"):
            late.listen()
        with pytest.raises(ConfigurationError, match=f"Cannot listen on 127.0.0.1 port {port}: .*in use"):
            await bind("127.0.0.1", port)
