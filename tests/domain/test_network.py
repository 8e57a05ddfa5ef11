"""Networks: which addresses are this machine itself."""

import pytest

from app.domain.network import is_loopback


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
def test_loopback(host: str, is_this_machine: bool) -> None:  # noqa: FBT001  # a case
    """It is the name that stands for this machine and the addresses that never leave it, and nothing that looks so."""
    assert is_loopback(host) is is_this_machine
