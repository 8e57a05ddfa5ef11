"""The arithmetic of rate limits."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.domain.rate_limits.rate_limit import RateLimit, microseconds

rate_limits = st.builds(RateLimit, attempts=st.integers(1, 50), period=st.integers(1, 400_000))
pauses = st.lists(st.integers(0, 10_000_000_000), max_size=120)


@pytest.mark.proof("login")
@given(limit=rate_limits, pauses=pauses)
def test_no_time_span_has_more_attempts_than_the_limit(limit: RateLimit, pauses: list[int]) -> None:
    """In any time span, at most all attempts and those that come back in this time are allowed."""
    full_at, now, taken = 0, microseconds(1_800_000_000.1), []
    for pause in pauses:
        now += pause
        full_at, retry_after = limit.take(full_at, now)
        if not retry_after:
            taken.append(now)
    for first in range(len(taken)):
        for last in range(first, len(taken)):
            came_back = (taken[last] - taken[first]) // limit.interval
            assert last - first + 1 <= limit.attempts + came_back


@pytest.mark.proof("login")
@given(limit=rate_limits, now=st.floats(1, 4e9), extra=st.integers(1, 5))
def test_exactly_all_attempts_can_be_taken_at_once(limit: RateLimit, now: float, extra: int) -> None:
    """Rounding allows neither one attempt more nor one fewer."""
    full_at, refused = 0, 0
    for _ in range(limit.attempts + extra):
        full_at, retry_after = limit.take(full_at, microseconds(now))
        refused += retry_after > 0
    assert refused == extra


@pytest.mark.proof("login")
@given(limit=rate_limits, now=st.integers(0, 2**52), attempts=st.integers(0, 60))
def test_retry_after_is_exact(limit: RateLimit, now: int, attempts: int) -> None:
    """An attempt after ``retry_after`` microseconds is allowed, and one microsecond earlier it is refused."""
    full_at = 0
    for _ in range(attempts):
        full_at, _ = limit.take(full_at, now)
    _, retry_after = limit.take(full_at, now)
    assert limit.take(full_at, now + retry_after)[1] == 0
    assert retry_after == 0 or limit.take(full_at, now + retry_after - 1)[1] == 1


@pytest.mark.proof("login")
@given(limit=rate_limits, now=st.integers(0, 2**52), attempts=st.integers(1, 50))
def test_giving_back_undoes_taking(limit: RateLimit, now: int, attempts: int) -> None:
    """An attempt that is taken and given back leaves the limit as it was."""
    full_at = now
    for _ in range(attempts):
        before = full_at
        full_at, retry_after = limit.take(full_at, now)
        assert retry_after or limit.give_back(full_at) == before


def test_the_interval_is_rounded_up() -> None:
    """If ``attempts`` does not divide ``period``, an attempt comes back later rather than earlier."""
    assert RateLimit(3, 10).interval == 3_333_334
    assert RateLimit(80, 288_000).interval == 3_600_000_000
