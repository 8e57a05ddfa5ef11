"""The client's address, as the proxies that the operator trusts tell it."""

from collections.abc import Sequence
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address
from typing import Final

from aiohttp import web

from ....domain.network import canonical
from ...request_context import ADDRESS

Network = IPv4Network | IPv6Network
Address = IPv4Address | IPv6Address

TRUSTED_PROXIES: Final = web.AppKey("keyturn_trusted_proxies", tuple[Network, ...])
CLIENT_ADDRESS: Final = web.RequestKey("keyturn_client_address", str)

_FORWARDED_FOR: Final = "X-Forwarded-For"
_MOST_CHARACTERS: Final = 64
"""Of one entry; the longest address with zone and port is shorter."""


def note_client_address(request: web.Request) -> None:
    """Find out the client's address, for whoever asks this request for it, and for what is recorded of it."""
    lines = request.headers.getall(_FORWARDED_FOR, ())
    trusted = request.app[TRUSTED_PROXIES]
    request[CLIENT_ADDRESS] = address = client_address(request.remote, lines, trusted)
    ADDRESS.set(address)


def client_address(peer: str | None, lines: Sequence[str], trusted: Sequence[Network]) -> str:
    """Return the address of the first hop, from the service outwards, that is not trusted; ``peer`` is who connected,
    and ``lines`` are those of ``X-Forwarded-For``, to which each proxy appends whom it saw.

    What no trusted proxy wrote is never read, and an entry that is none ends the way at the last trusted hop.
    """
    hop = _read(peer or "")
    if hop is None:
        return peer or ""
    for entry in reversed(",".join(lines).split(",")):
        if not _is_trusted(hop, trusted):
            break
        before = _read(entry)
        if before is None:
            break
        hop = before
    return str(hop)


def _is_trusted(address: Address, trusted: Sequence[Network]) -> bool:
    return any(address in network for network in trusted if network.version == address.version)


def _read(entry: str) -> Address | None:
    """Return the address in an entry, which may have a port, brackets and a zone."""
    text = entry.strip(" \t")
    if len(text) > _MOST_CHARACTERS:
        return None
    if text.startswith("["):
        text, bracket, port = text[1:].partition("]")
        if not bracket or (port and not _is_port(port.removeprefix(":"))):
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
    return text.isascii() and text.isdigit()
