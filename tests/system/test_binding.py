"""Binding and listening on an address."""

import socket
from contextlib import ExitStack

import pytest

from app.adapters.http.server.listening import bind
from app.domain.errors import ConfigurationError


async def test_bound_socket_refuses_connections_until_it_listens() -> None:
    """A bound socket refuses connections until it listens. Its text is its URL."""
    (bound,) = await bind("127.0.0.1", 0)
    with bound:
        address = bound.getsockname()
        assert str(bound) == f"http://127.0.0.1:{address[1]}"
        with pytest.raises(ConnectionRefusedError):
            socket.create_connection(address)
        bound.listen()
        socket.create_connection(address).close()


async def test_port_in_use_is_reported() -> None:
    """If another process listens on the port, before or after it is bound, the error names address and port."""
    with ExitStack() as closing:
        first, *_ = [closing.enter_context(each) for each in await bind("127.0.0.1", 0)]
        port = first.getsockname()[1]
        late, *_ = [closing.enter_context(each) for each in await bind("127.0.0.1", port)]
        first.listen()
        with pytest.raises(ConfigurationError, match=f"Cannot listen on 127.0.0.1 port {port}: .*in use"):
            late.listen()
        with pytest.raises(ConfigurationError, match=f"Cannot listen on 127.0.0.1 port {port}: .*in use"):
            await bind("127.0.0.1", port)
