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
        ("", ""),
        ("@socket", "@socket"),
    ],
)
def test_the_network_of_an_address(address: str, network: str) -> None:
    """An IPv4 address is its own network, mapped or not; the network of an IPv6 address is its /64."""
    assert network_of(address) == network
