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
    """Return the device of a token that is valid for this user."""
    read = read_device_token(token, now=now, lifetime=lifetime)
    return read.device if read is not None and read.is_valid_for(user) else None


def test_a_device_token_is_valid_until_its_lifetime_ends() -> None:
    """The token has the device that it was made for."""
    assert known_device(TOKEN, ALICE) == DEVICE
    assert known_device(TOKEN, ALICE, now=NOW + 99, lifetime=100) == DEVICE
    assert known_device(TOKEN, ALICE, now=NOW + 100, lifetime=100) is None


def test_a_new_password_makes_device_tokens_invalid() -> None:
    """The key of the MAC comes from the stored password hash."""
    changed = replace(ALICE, password_hash="plain:another")  # noqa: S106  # the fake hasher's form
    assert known_device(TOKEN, changed) is None


def test_a_device_token_is_valid_for_one_user() -> None:
    """The token of another user is invalid, even if both have the same password hash."""
    other = replace(ALICE, subject=Subject("bob-subject"))
    assert known_device(TOKEN, other) is None


@pytest.mark.proof("login")
@given(st.text() | st.binary(max_size=120).map(base64url.encode))
def test_a_malformed_device_token_is_invalid(token: str) -> None:
    """Malformed tokens are invalid, and raise nothing."""
    assert known_device(token, ALICE) is None


@pytest.mark.proof("login")
@given(st.integers(0, 8 * len(base64url.decode(TOKEN)) - 1))
def test_a_changed_bit_makes_a_device_token_invalid(bit: int) -> None:
    """A token that differs in one bit is invalid."""
    raw = bytearray(base64url.decode(TOKEN))
    raw[bit // 8] ^= 1 << bit % 8
    assert known_device(base64url.encode(bytes(raw)), ALICE) is None
