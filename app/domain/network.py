"""Networks: the addresses that one customer of an Internet provider can use."""

from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address, ip_network
from typing import Final

UNIX: Final = "unix:"
"""The address of all clients of a Unix socket. Before the path of a socket, it is the address of this socket."""

_CUSTOMER_PREFIX: Final = 64
"""Bits. A customer gets all IPv6 addresses that share this prefix (RFC 6177 §2)."""

_TRANSLATED: Final = (IPv6Network("64:ff9b::/96"), IPv6Network("64:ff9b:1::/48"))
"""The networks of translated addresses, whose last 32 bits are an IPv4 address (RFC 6052 §2.1, RFC 8215 §3).

The second network is divided by its operator. Its addresses are read as those of a /96, the usual division.
"""


def canonical(address: IPv4Address | IPv6Address) -> IPv4Address | IPv6Address:
    """Return the IPv4 address of an IPv4-mapped one (RFC 4291 §2.5.5.2), and any other address without its zone."""
    if isinstance(address, IPv4Address):
        return address
    return address.ipv4_mapped or IPv6Address(int(address))


def network_of(address: str) -> str:
    """Return the network of ``address``: an IPv4 address itself, or the /64 of an IPv6 address. Any other text, such as
    the path of a socket, is returned as it is.

    An IPv6 address of a tunnel or a translator counts as the IPv4 address inside it. Somebody with one IPv4 address
    would otherwise have 65,536 networks of 6to4, and all who share a Teredo server or a translator would be one
    network.
    """
    try:
        parsed = _without_tunnel(canonical(ip_address(address)))
    except ValueError:
        return address
    if isinstance(parsed, IPv4Address):
        return str(parsed)
    return str(ip_network((int(parsed), _CUSTOMER_PREFIX), strict=False))


def _without_tunnel(address: IPv4Address | IPv6Address) -> IPv4Address | IPv6Address:
    """Return the IPv4 address inside an address of 6to4 (RFC 3056 §2), Teredo (RFC 4380 §4) or a translator (RFC 6052
    §2.2), and any other address as it is.

    Responses to such an address go to the IPv4 address inside it, so a client that has connected has not made it up.
    For ISATAP (RFC 5214 §6.1) and for IPv6 networks of a provider, responses go to the network in front. There the IPv4
    address proves nothing, and the /64 counts.
    """
    if isinstance(address, IPv4Address):
        return address
    if address.teredo is not None:
        _, client = address.teredo
        return client
    if any(address in network for network in _TRANSLATED):
        return IPv4Address(int(address) & 0xFFFF_FFFF)
    return address.sixtofour or address


def is_loopback(host: str) -> bool:
    """Return whether ``host``, a name or an address, is this machine."""
    try:
        return host == "localhost" or ip_address(host).is_loopback
    except ValueError:
        return False
