"""Listening sockets: bind them, and close them without resetting a connection."""

import asyncio
import os
import socket
from contextlib import suppress
from typing import Any, Final

from aiohttp import web

from ....domain.errors import ConfigurationError
from .connection_limit import ConnectionLimit

BACKLOG: Final = 1_024
"""The most connections that the kernel holds until this process accepts them."""


class ListeningSocket(socket.socket):
    """A bound socket. It always listens with ``BACKLOG``: an event loop passes another number, the connections that it
    accepts in one step. It accepts no more connections than its ``limit`` allows.
    """

    limit: ConnectionLimit | None = None

    def __str__(self) -> str:
        host, port = self.getsockname()[:2]
        return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"

    def accept(self) -> tuple[socket.socket, Any]:
        """Return a connection and its address. Raises ``ConnectionAbortedError``, as the kernel does for a connection
        that has already ended, if the limit does not allow it: it is closed then, and an event loop goes on.
        """
        connection, address = super().accept()
        return connection if self.limit is None else self.limit.admit(connection, address), address

    def listen(self, _: int = BACKLOG, /) -> None:
        """Let clients connect. Raises ``ConfigurationError`` if another program has begun to listen there."""
        try:
            super().listen(BACKLOG)
        except OSError as error:
            host, port = self.getsockname()[:2]
            raise _cannot_listen(host, port, error) from error


async def bind(host: str, port: int, *, settings: str = "KEYTURN_HOST and KEYTURN_PORT") -> list[ListeningSocket]:
    """Return a socket for each address of ``host``. Clients cannot connect until it listens.

    Raises ``ConfigurationError``, which names ``settings``, if an address is not available.
    """
    try:
        loop = asyncio.get_running_loop()
        server = await loop.create_server(asyncio.Protocol, host, port, start_serving=False)
    except (OSError, UnicodeError) as error:
        raise _cannot_listen(host, port, error, settings) from error
    try:
        return [ListeningSocket(fileno=os.dup(each.fileno())) for each in server.sockets]
    finally:
        server.close()


async def stop_listening(site: web.BaseSite, server: web.Server, limit: ConnectionLimit | None) -> None:
    """Close the sockets of ``site``. ``server`` still serves every client that has connected and that ``limit`` allows.

    A plain close would reset the connections that the kernel has accepted. If another process shares the socket, that
    process still listens.
    """
    copies = [ListeningSocket(fileno=os.dup(each.fileno())) for each in _sockets(site)]
    await _stop_accepting(site)
    await site.stop()
    for copy in copies:
        copy.limit = limit
        for connection in _accept_all(copy):
            await asyncio.get_running_loop().connect_accepted_socket(server, connection)


def _sockets(site: web.BaseSite) -> Any:
    server: Any = site._server  # noqa: SLF001  # aiohttp offers no public way to the sockets
    return server.sockets


async def _stop_accepting(site: web.BaseSite) -> None:
    """Stop the event loop from accepting: it would drop a connection that it accepts in the step in which it closes."""
    for each in _sockets(site):
        asyncio.get_running_loop().remove_reader(each.fileno())
    for _ in range(2):
        await asyncio.sleep(0)


def _accept_all(listening: socket.socket) -> list[socket.socket]:
    """Accept every connection that the kernel holds, then close the last copy of the socket.

    This function awaits nothing, so that no more clients connect. It returns when the kernel has no more connections,
    or this process has no free file descriptor.
    """
    accepted = []
    listening.settimeout(0)
    with listening, suppress(OSError):
        while True:
            with suppress(ConnectionAbortedError):
                connection, _ = listening.accept()
                connection.settimeout(0)
                accepted.append(connection)
    return accepted


def _cannot_listen(
    host: str, port: int, error: OSError | UnicodeError, settings: str = "KEYTURN_HOST and KEYTURN_PORT"
) -> ConfigurationError:
    reason = getattr(error, "strerror", None) or "this is not a host name"
    return ConfigurationError(
        f"Cannot listen on {host} port {port}: {reason}. Set {settings} to an address of this machine and a free port."
    )
