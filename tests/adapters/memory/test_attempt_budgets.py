"""Budgets of attempts in memory: the kit, and the bound."""

from collections.abc import Sequence

from app.adapters.memory.rate_limits import MemoryRateLimitRepository
from app.contracts.rate_limit_repository import NOW, THREE, RateLimitRepositoryContract, key, take
from app.domain.rate_limits.rate_limit import RateLimit
from app.ports.rate_limit_repository import RateLimitRepository


class TestMemoryAttemptBudgets(RateLimitRepositoryContract):
    """The in-memory budgets pass the kit; their connections are one object."""

    async def connections(self, n: int) -> Sequence[RateLimitRepository]:
        return [MemoryRateLimitRepository()] * n


async def test_they_are_bounded_and_what_was_used_most_stays() -> None:
    """Whoever comes under ever new keys makes nobody forget a budget that is used up."""
    rate_limits = MemoryRateLimitRepository(max_keys=20)
    for _ in range(3):
        await take(rate_limits, key("used"))
    for number in range(500):
        await take(rate_limits, key(number))
    assert len(rate_limits._full_at) <= 20
    assert await take(rate_limits, key("used")) == 30


async def test_what_is_in_use_gives_no_way() -> None:
    """A budget that each attempt is taken from, with ever new ones, counts them all, however little it has lost."""
    rate_limits, everyone = MemoryRateLimitRepository(max_keys=20), RateLimit(attempts=100_000, period=1_000)
    for number in range(500):
        assert await rate_limits.take({key(number): THREE, key("everyone"): everyone}, now=NOW) == {}
    assert len(rate_limits._full_at) <= 20
    assert await rate_limits.take({key("everyone"): RateLimit(attempts=500, period=5)}, now=NOW)


async def test_what_is_whole_is_deleted() -> None:
    """A sweep deletes up to its limit."""
    rate_limits = MemoryRateLimitRepository()
    for number in range(5):
        await take(rate_limits, key(number))
    assert [await rate_limits.delete_full(full_before=NOW + 31, limit=3) for _ in range(3)] == [3, 2, 0]
