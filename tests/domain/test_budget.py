"""The arithmetic of budgets."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.domain.rate_limits.rate_limit import RateLimit, microseconds

rate_limits = st.builds(RateLimit, attempts=st.integers(1, 50), period=st.integers(1, 400_000))
pauses = st.lists(st.integers(0, 10_000_000_000), max_size=120)


@pytest.mark.proof("login")
@given(limit=rate_limits, pauses=pauses)
def test_no_stretch_of_time_lets_through_more(limit: RateLimit, pauses: list[int]) -> None:
    """In any stretch of time there are the attempts at once and those that come back in it, and no more."""
    due, now, taken = 0, microseconds(1_800_000_000.1), []
    for pause in pauses:
        now += pause
        due, wait = limit.take(due, now)
        if not wait:
            taken.append(now)
    for first in range(len(taken)):
        for last in range(first, len(taken)):
            come_back = (taken[last] - taken[first]) // limit.interval
            assert last - first + 1 <= limit.attempts + come_back


@pytest.mark.proof("login")
@given(limit=rate_limits, now=st.floats(1, 4e9), extra=st.integers(1, 5))
def test_exactly_the_budget_is_taken_at_once(limit: RateLimit, now: float, extra: int) -> None:
    """No rounding lets one more through, or one fewer."""
    due, refused = 0, 0
    for _ in range(limit.attempts + extra):
        due, wait = limit.take(due, microseconds(now))
        refused += wait > 0
    assert refused == extra


@pytest.mark.proof("login")
@given(limit=rate_limits, now=st.integers(0, 2**52), attempts=st.integers(0, 60))
def test_the_wait_is_exact(limit: RateLimit, now: int, attempts: int) -> None:
    """Who waits as long as they are told gets through, and one microsecond less is too little."""
    due = 0
    for _ in range(attempts):
        due, _ = limit.take(due, now)
    _, wait = limit.take(due, now)
    assert limit.take(due, now + wait)[1] == 0
    assert wait == 0 or limit.take(due, now + wait - 1)[1] == 1


@pytest.mark.proof("login")
@given(limit=rate_limits, now=st.integers(0, 2**52), attempts=st.integers(1, 50))
def test_giving_back_undoes_taking(limit: RateLimit, now: int, attempts: int) -> None:
    """What was taken and is given back leaves the budget as it was."""
    due = now
    for _ in range(attempts):
        before = due
        due, wait = limit.take(due, now)
        assert wait or limit.give_back(due) == before


def test_a_share_is_never_too_short() -> None:
    """Where the period does not divide, the rounding is in favour of who defends."""
    assert RateLimit(3, 10).interval == 3_333_334
    assert RateLimit(80, 288_000).interval == 3_600_000_000
