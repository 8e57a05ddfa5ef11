"""Listening sockets: which addresses, how many connections may wait."""

import asyncio
import os
import socket
from typing import Final

from ....domain.errors import ConfigurationError

BACKLOG: Final = 1_024
"""Connections that the kernel accepts ahead of us, at most."""


class ListeningSocket(socket.socket):
    """A bound socket. The backlog that an event loop asks for is how many connections it accepts in one go; how many
    may wait is our own choice.
    """

    def __str__(self) -> str:
        host, port = self.getsockname()[:2]
        return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"

    def listen(self, _: int = BACKLOG, /) -> None:
        """Let clients connect; raises ``ConfigurationError`` if another program listens there by now."""
        try:
            super().listen(BACKLOG)
        except OSError as error:
            host, port = self.getsockname()[:2]
            raise _cannot_listen(host, port, error) from error


async def bind(host: str, port: int, *, settings: str = "KEYTURN_HOST and KEYTURN_PORT") -> list[ListeningSocket]:
    """Return a socket for each address of ``host``; nobody can connect to it until it listens.

    Raises ``ConfigurationError``, which names the ``settings``, if an address is not to be had.
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


def _cannot_listen(
    host: str, port: int, error: OSError | UnicodeError, settings: str = "KEYTURN_HOST and KEYTURN_PORT"
) -> ConfigurationError:
    reason = getattr(error, "strerror", None) or "this is no host name"
    return ConfigurationError(
        f"Cannot listen on {host} port {port}: {reason}. Set {settings} to an address of this machine and a free port."
    )
