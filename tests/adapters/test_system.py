"""The operating system's clock and randomness."""

import time

import pytest

from app.adapters.system import SystemClock, SystemRandomness


def test_the_clock_tells_the_time_since_the_epoch() -> None:
    """The time is between two readings of the system's clock."""
    before = time.time()
    now = SystemClock().now()
    assert before <= now <= time.time()


@pytest.mark.parametrize("length", [0, 1, 16, 32, 1_000])
def test_randomness_has_the_requested_length(length: int) -> None:
    """``token_bytes`` returns the requested number of bytes."""
    assert len(SystemRandomness().token_bytes(length)) == length


def test_randomness_never_repeats() -> None:
    """A thousand draws of 16 bytes by two generators are all different."""
    one, other = SystemRandomness(), SystemRandomness()
    draws = {generator.token_bytes(16) for _ in range(500) for generator in (one, other)}
    assert len(draws) == 1_000
