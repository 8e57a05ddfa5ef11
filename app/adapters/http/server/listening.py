"""Listening sockets: what they accept, and how they close without resetting a connection."""

import asyncio
import os
import socket
from collections.abc import Iterable
from contextlib import suppress
from typing import Any, Final

from aiohttp import web

from ....domain.errors import ConfigurationError
from ....domain.network import UNIX
from .connection_limit import ConnectionLimit
from .socket_file import SocketFile

BACKLOG: Final = 1_024
"""The most connections that the kernel holds until this process accepts them."""

HOST_AND_PORT: Final = "KEYTURN_HOST and KEYTURN_PORT (or --host and --port of serve)"


class ListeningSocket(socket.socket):
    """A bound socket. It always listens with ``BACKLOG``: an event loop passes another number, the connections that it
    accepts in one step. It accepts no more connections than its ``limit`` allows. A Unix socket has a ``file``.
    """

    limit: ConnectionLimit | None = None
    file: SocketFile | None = None

    def __str__(self) -> str:
        if self.family == socket.AF_UNIX:
            return f"{UNIX}{self.getsockname()}"
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
            host, port = (str(self), 0) if self.family == socket.AF_UNIX else self.getsockname()[:2]
            raise cannot_listen(host, port, error) from error


def place(host: str, port: int) -> str:
    """Return how a text names an address to listen on."""
    return host if host.startswith(UNIX) else f"{host} port {port}"


def release(sockets: Iterable[ListeningSocket]) -> None:
    """Close the sockets, and remove the file of a Unix socket if this process has made it."""
    for each in sockets:
        each.close()
        if each.file is not None:
            each.file.remove()


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


def cannot_listen(
    host: str, port: int, error: OSError | UnicodeError, settings: str = HOST_AND_PORT
) -> ConfigurationError:
    """Return the error for an address that is not available. It says what to change."""
    reason = getattr(error, "strerror", None) or "this is not a host name"
    if host.startswith(UNIX):
        return ConfigurationError(
            f"Cannot listen on {place(host, port)}: {reason}. Set KEYTURN_HOST to {UNIX} and the path of a socket that"
            " nobody else uses, in a folder in which this user can make files."
        )
    return ConfigurationError(
        f"Cannot listen on {place(host, port)}: {reason}. Set {settings} to an address of this machine and a free port."
    )
