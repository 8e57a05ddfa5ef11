"""Networks and loopback addresses."""

import pytest

from app.domain.network import is_loopback, network_of


@pytest.mark.parametrize(
    ("host", "is_this_machine"),
    [
        ("localhost", True),
        ("127.0.0.1", True),
        ("127.9.9.9", True),
        ("::1", True),
        ("::", False),
        ("0.0.0.0", False),  # noqa: S104  # a value
        ("192.0.2.1", False),
        ("localhost.example", False),
        ("127.0.0.1.example", False),
        ("", False),
    ],
)
def test_loopback_hosts(host: str, is_this_machine: bool) -> None:  # noqa: FBT001  # a case
    """The name ``localhost`` and the loopback addresses are this machine; names that look similar are not."""
    assert is_loopback(host) is is_this_machine


@pytest.mark.parametrize(
    ("address", "network"),
    [
        ("192.0.2.1", "192.0.2.1"),
        ("::ffff:192.0.2.1", "192.0.2.1"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("fe80::1%eth0", "fe80::/64"),
        ("2002:c000:0201::1", "192.0.2.1"),
        ("2002:c000:0201:ffff:1:2:3:4", "192.0.2.1"),
        ("2003:c000:0201::1", "2003:c000:201::/64"),
        ("2001:0:cb00:7107:8000:63bf:3fff:fdfe", "192.0.2.1"),
        ("2001:0:c633:6401::3fff:fdfe", "192.0.2.1"),
        ("2001:1:cb00:7107:8000:63bf:3fff:fdfe", "2001:1:cb00:7107::/64"),
        ("64:ff9b::192.0.2.1", "192.0.2.1"),
        ("64:ff9b:1::192.0.2.1", "192.0.2.1"),
        ("64:ff9b:1:fffe::192.0.2.1", "192.0.2.1"),
        ("64:ff9b:0:0:0:1:192.0.2.1", "64:ff9b::/64"),
        ("64:ff9b:2::192.0.2.1", "64:ff9b:2::/64"),
        ("2001:db8:1:2:0:5efe:192.0.2.1", "2001:db8:1:2::/64"),
        ("2001:db8:1:2:200:5efe:192.0.2.1", "2001:db8:1:2::/64"),
        ("::ffff:0:192.0.2.1", "::/64"),
        ("::192.0.2.1", "::/64"),
        ("::1", "::/64"),
        ("", ""),
        ("@socket", "@socket"),
    ],
)
def test_the_network_of_an_address(address: str, network: str) -> None:
    """An IPv4 address is its own network, also inside an address of 6to4, Teredo or a translator. The network of any
    other IPv6 address is its /64, also if it ends with an IPv4 address that a client can choose.
    """
    assert network_of(address) == network
