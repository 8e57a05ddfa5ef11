"""Closing listening sockets without cutting anyone: a plain close resets what the kernel has accepted already."""

import asyncio
import os
import socket
from contextlib import suppress
from typing import Any

from aiohttp import web


async def stop_listening(site: web.BaseSite, server: web.Server) -> None:
    """Close the site's sockets; ``server`` serves whoever connected before, and nobody can connect any more, unless
    another process shares the socket: that one goes on.
    """
    handles = [socket.socket(fileno=os.dup(each.fileno())) for each in _sockets(site)]
    await _finish_accepting(site)
    await site.stop()
    for handle in handles:
        for accepted in _accept_all(handle):
            await asyncio.get_running_loop().connect_accepted_socket(server, accepted)


def _sockets(site: web.BaseSite) -> Any:
    server: Any = site._server  # noqa: SLF001  # as aiohttp's own list of addresses finds them
    return server.sockets


async def _finish_accepting(site: web.BaseSite) -> None:
    """Let the event loop accept no more: it drops a connection that it accepted in the very step of the close."""
    for each in _sockets(site):
        asyncio.get_running_loop().remove_reader(each.fileno())
    for _ in range(2):
        await asyncio.sleep(0)


def _accept_all(handle: socket.socket) -> list[socket.socket]:
    """Accept what the kernel holds and close the last handle; nothing awaits in between, or more would come.

    It ends where the kernel has no more, or this process no file descriptor for it.
    """
    accepted = []
    handle.settimeout(0)
    with handle, suppress(OSError):
        while True:
            connection, _ = handle.accept()
            connection.settimeout(0)
            accepted.append(connection)
    return accepted
