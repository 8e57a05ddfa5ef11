"""The client's address behind the proxies that the operator trusts."""

from collections.abc import Sequence
from functools import lru_cache, partial
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address
from typing import Final

from aiohttp import web
from multidict import istr

from ....domain.network import UNIX, canonical
from .query import whole_number

Network = IPv4Network | IPv6Network
Address = IPv4Address | IPv6Address
Proxies = Sequence[Network | str]
"""The networks of trusted proxies, and ``UNIX`` if a proxy at the Unix socket is trusted."""

CLIENT_ADDRESS: Final = web.RequestKey("keyturn_client_address", str)

_FORWARDED_FOR: Final = istr("X-Forwarded-For")
_MAX_ENTRY_LENGTH: Final = 64
"""Characters. The longest address with a zone and a port is shorter."""

_MAX_PORT: Final = 65_535
_CACHE_SIZE: Final = 4_096

_MAX_CACHED_LENGTH: Final = 256
_MAX_CACHED_LINES: Final = 4
"""Characters and lines of ``X-Forwarded-For``. The result for a larger one is not cached. So the cache takes at most
6 MB, whatever clients send.
"""


def client_address(peer: str | None, lines: Sequence[str], trusted: Proxies) -> str:
    """Return the address of the first untrusted hop, counted from the service.

    ``peer`` is the address of the connection. At a Unix socket it is "", and the hop is ``UNIX``. ``lines`` are the
    values of ``X-Forwarded-For``: each proxy appends the address that it saw. An entry that no trusted proxy wrote is
    never read. If an entry is no address, the result is the last trusted hop.
    """
    hop = _first_hop(peer)
    if hop is None:
        return peer or ""
    for entry in reversed(",".join(lines).split(",")):
        if not _is_trusted(hop, trusted):
            break
        previous_hop = _read(entry)
        if previous_hop is None:
            break
        hop = previous_hop
    return str(hop)


def peer_address(request: web.BaseRequest) -> str | None:
    """Return the address of the connection in its usual form, or ``None`` if the connection has ended."""
    return None if request.remote is None else client_address(request.remote, (), ())


class ClientAddresses:
    """Finds the addresses of clients behind ``trusted`` proxies.

    It reads an address and compares it with the networks once. The next time, the result comes from a cache.
    """

    def __init__(self, trusted: Proxies) -> None:
        self._has_proxies = bool(trusted)
        self._find = partial(client_address, trusted=tuple(trusted))
        self._cached = lru_cache(_CACHE_SIZE)(self._find)

    def of(self, request: web.BaseRequest) -> str:
        """Return the client's address."""
        if not self._has_proxies:
            return self._cached(request.remote, ())
        return self.find(request.remote, tuple(request.headers.getall(_FORWARDED_FOR, ())))

    def find(self, peer: str | None, lines: tuple[str, ...]) -> str:
        """Return what ``client_address`` returns, from the cache if the header is small."""
        is_small = len(lines) <= _MAX_CACHED_LINES and sum(map(len, lines)) <= _MAX_CACHED_LENGTH
        return self._cached(peer, lines) if is_small else self._find(peer, lines)


CLIENT_ADDRESSES: Final = web.AppKey("keyturn_client_addresses", ClientAddresses)


def is_trusted(peer: str, trusted: Proxies) -> bool:
    """Return whether ``peer``, the address of a connection, is a trusted proxy."""
    hop = _first_hop(peer) if trusted else None
    return hop is not None and _is_trusted(hop, trusted)


def _first_hop(peer: str | None) -> Address | str | None:
    """Return the address of a connection. At a Unix socket it is ``UNIX``, for which aiohttp has ""."""
    return UNIX if peer in ("", UNIX) else _read(peer or "")


def _is_trusted(hop: Address | str, trusted: Proxies) -> bool:
    if isinstance(hop, str):
        return hop in trusted
    return any(hop in each for each in trusted if not isinstance(each, str) and each.version == hop.version)


def _read(entry: str) -> Address | None:
    """Return the address in an entry, or ``None``. The entry may have a port, brackets and a zone."""
    text = entry.strip(" \t")
    if len(text) > _MAX_ENTRY_LENGTH:
        return None
    if text.startswith("["):
        text, bracket, port = text[1:].partition("]")
        if not bracket or (port and not (port.startswith(":") and _is_port(port[1:]))):
            return None
    elif text.count(":") == 1:
        text, _, port = text.partition(":")
        if not _is_port(port):
            return None
    try:
        return canonical(ip_address(text))
    except ValueError:
        return None


def _is_port(text: str) -> bool:
    try:
        return whole_number(text, minimum=0, maximum=_MAX_PORT) >= 0
    except ValueError:
        return False
