"""Networks: the addresses that one customer of an Internet provider can use."""

from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network
from typing import Final

_CUSTOMER_PREFIX: Final = 64
"""Bits. A customer gets all IPv6 addresses that share this prefix (RFC 6177 §2)."""


def canonical(address: IPv4Address | IPv6Address) -> IPv4Address | IPv6Address:
    """Return the IPv4 address of an IPv4-mapped one (RFC 4291 §2.5.5.2), and any other address without its zone."""
    if isinstance(address, IPv4Address):
        return address
    return address.ipv4_mapped or IPv6Address(int(address))


def network_of(address: str) -> str:
    """Return the network of ``address``: an IPv4 address itself, or the /64 of an IPv6 address. Any other text, such as
    the path of a socket, is returned as it is.
    """
    try:
        parsed = canonical(ip_address(address))
    except ValueError:
        return address
    if isinstance(parsed, IPv4Address):
        return str(parsed)
    return str(ip_network((int(parsed), _CUSTOMER_PREFIX), strict=False))


def is_loopback(host: str) -> bool:
    """Return whether ``host``, a name or an address, is this machine."""
    try:
        return host == "localhost" or ip_address(host).is_loopback
    except ValueError:
        return False
