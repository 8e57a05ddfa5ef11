"""Networks: what one party on the Internet can speak from."""

from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network
from typing import Final

_CUSTOMER_PREFIX: Final = 64
"""Bits: who has one IPv6 address has all that share them with it (RFC 6177 §2)."""


def canonical(address: IPv4Address | IPv6Address) -> IPv4Address | IPv6Address:
    """Return the IPv4 address that an IPv6 one stands for (RFC 4291 §2.5.5.2), and any other as it is, without zone."""
    if isinstance(address, IPv4Address):
        return address
    return address.ipv4_mapped or IPv6Address(int(address))


def network_of(address: str) -> str:
    """Return the network that ``address`` belongs to: an IPv4 address itself, of an IPv6 address its /64. What is no
    address, such as that of a socket in the file system, is a network of its own.
    """
    try:
        read = canonical(ip_address(address))
    except ValueError:
        return address
    return str(read) if isinstance(read, IPv4Address) else str(ip_network((int(read), _CUSTOMER_PREFIX), strict=False))


def is_loopback(host: str) -> bool:
    """Tell whether ``host``, a name or an address, is this machine itself."""
    try:
        return host == "localhost" or ip_address(host).is_loopback
    except ValueError:
        return False
