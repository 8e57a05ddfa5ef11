"""Known devices."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.domain import base64url
from app.domain.identifiers import Subject
from app.domain.login.device import Device, make_device_token, read_device_token
from app.domain.login.user import User
from app.testing.builders import ALICE, DEVICE_LIFETIME
from app.testing.system import NOW

DEVICE = Device(ALICE.subject, bytes(range(16)), int(NOW))
TOKEN = make_device_token(DEVICE, ALICE)


def known_device(token: str, user: User, *, now: float = NOW, lifetime: int = DEVICE_LIFETIME) -> Device | None:
    """Return the device that the token shows of this user."""
    read = read_device_token(token, now=now, lifetime=lifetime)
    return read.device if read is not None and read.is_valid_for(user) else None


def test_a_device_is_known_again() -> None:
    """What was shown is what was issued, until its lifetime is over."""
    assert known_device(TOKEN, ALICE) == DEVICE
    assert known_device(TOKEN, ALICE, now=NOW + 99, lifetime=100) == DEVICE
    assert known_device(TOKEN, ALICE, now=NOW + 100, lifetime=100) is None


def test_a_new_password_forgets_every_device() -> None:
    """The key of the MAC is the stored hash's."""
    changed = replace(ALICE, password_hash="plain:another")  # noqa: S106  # the fake hasher's form
    assert known_device(TOKEN, changed) is None


def test_a_device_is_known_to_one_account() -> None:
    """Another user's token is none, even where the stored hashes are the same."""
    other = replace(ALICE, subject=Subject("bob-subject"))
    assert known_device(TOKEN, other) is None


@pytest.mark.proof("login")
@given(st.text() | st.binary(max_size=120).map(base64url.encode))
def test_whatever_else_is_shown_is_no_device(token: str) -> None:
    """Malformed tokens are as none, and raise nothing."""
    assert known_device(token, ALICE) is None


@pytest.mark.proof("login")
@given(st.integers(0, 8 * len(base64url.decode(TOKEN)) - 1))
def test_no_bit_of_it_can_be_changed(bit: int) -> None:
    """A token that differs in one bit is forged."""
    raw = bytearray(base64url.decode(TOKEN))
    raw[bit // 8] ^= 1 << bit % 8
    assert known_device(base64url.encode(bytes(raw)), ALICE) is None
