"""Bind the listening sockets of an address: an IP address, a host name, all addresses, or the path of a Unix socket."""

import asyncio
import errno
import socket
from contextlib import ExitStack
from pathlib import Path
from typing import Any, Final

from ....domain.network import UNIX
from .listening import HOST_AND_PORT, ListeningSocket, cannot_listen
from .socket_file import SocketFile

EVERYWHERE: Final = "*"
"""All addresses: of IPv4, and of IPv6 if this machine has it."""

_ALL_OF_IPV6: Final = "::"
_ALL_OF_IPV4: Final = "0.0.0.0"  # noqa: S104  # what the operator asks for
_NOT_HERE: Final = frozenset({errno.EADDRNOTAVAIL, errno.EAFNOSUPPORT})
"""What the kernel says of a family of addresses that this machine does not have."""

_DEFAULT_MODE: Final = 0o660

_Address = tuple[socket.AddressFamily, tuple[Any, ...]]


async def bind(
    host: str, port: int, *, mode: int = _DEFAULT_MODE, settings: str = HOST_AND_PORT
) -> list[ListeningSocket]:
    """Return a socket for each address of ``host``. Clients cannot connect until it listens.

    The address ``::`` is that of IPv4 clients, too. Several addresses have the same port, also if ``port`` is 0. The
    file of a Unix socket (``unix:/path``) gets ``mode``, and ``port`` does not count.

    Raises ``ConfigurationError``, which names ``settings``, if an address is not available.
    """
    try:
        if host.startswith(UNIX):
            return [_bind_file(host.removeprefix(UNIX), mode)]
        return _bind_all(await _addresses(host, port))
    except (OSError, UnicodeError) as error:
        raise cannot_listen(host, port, error, settings) from error


async def _addresses(host: str, port: int) -> list[_Address]:
    if host == EVERYWHERE:
        return [_everywhere(port)]
    found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
    return list(dict.fromkeys((family, address) for family, _, _, _, address in found))


def _everywhere(port: int) -> _Address:
    """Return the address of both families, or that of IPv4 on a machine without IPv6."""
    try:
        _bind(socket.AF_INET6, (_ALL_OF_IPV6, 0)).close()
    except OSError:
        return socket.AF_INET, (_ALL_OF_IPV4, port)
    return socket.AF_INET6, (_ALL_OF_IPV6, port)


def _bind_all(addresses: list[_Address]) -> list[ListeningSocket]:
    """Return a socket for each address that this machine has. Raises ``OSError`` if it has none, or one is in use."""
    with ExitStack() as closing:
        bound: list[ListeningSocket] = []
        missing: OSError | None = None
        for family, (host, port, *rest) in addresses:
            chosen = bound[0].getsockname()[1] if bound else port
            try:
                bound.append(closing.enter_context(_bind(family, (host, chosen, *rest))))
            except OSError as error:
                if error.errno not in _NOT_HERE:
                    raise
                missing = error
        if missing is not None and not bound:
            raise missing
        closing.pop_all()
        return bound


def _bind(family: socket.AddressFamily, address: tuple[Any, ...]) -> ListeningSocket:
    with ExitStack() as closing:
        bound = closing.enter_context(ListeningSocket(family, socket.SOCK_STREAM))
        bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if family == socket.AF_INET6:
            bound.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, address[0] != _ALL_OF_IPV6)
        bound.bind(address)
        closing.pop_all()
        return bound


def _bind_file(path: str, mode: int) -> ListeningSocket:
    with ExitStack() as closing:
        bound = closing.enter_context(ListeningSocket(socket.AF_UNIX, socket.SOCK_STREAM))
        bound.file = SocketFile(Path(path))
        bound.file.bind(bound, mode)
        closing.pop_all()
        return bound
