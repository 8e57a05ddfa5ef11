"""Rate limits in memory: the greatest number of keys."""

from app.adapters.memory.rate_limits import MemoryRateLimitRepository
from app.contracts.rate_limit_repository import NOW, THREE, key, take
from app.domain.rate_limits.rate_limit import RateLimit


async def test_many_new_keys_do_not_reset_a_used_up_limit() -> None:
    """The number of keys is bounded, and a limit that is used up stays when many new keys come."""
    rate_limits = MemoryRateLimitRepository(max_keys=20)
    for _ in range(3):
        await take(rate_limits, key("used"))
    for number in range(500):
        await take(rate_limits, key(number))
    assert len(rate_limits._full_at) <= 20
    assert await take(rate_limits, key("used")) == 30


async def test_many_new_keys_do_not_reset_a_limit_in_use() -> None:
    """A limit that every attempt is charged to stays when many new keys come, however little of it is used."""
    rate_limits, everyone = MemoryRateLimitRepository(max_keys=20), RateLimit(attempts=100_000, period=1_000)
    for number in range(500):
        assert await rate_limits.take({key(number): THREE, key("everyone"): everyone}, now=NOW) == {}
    assert len(rate_limits._full_at) <= 20
    assert await rate_limits.take({key("everyone"): RateLimit(attempts=500, period=5)}, now=NOW)


async def test_full_limits_are_deleted() -> None:
    """``delete_full`` deletes at most as many full limits as it may."""
    rate_limits = MemoryRateLimitRepository()
    for number in range(5):
        await take(rate_limits, key(number))
    assert [await rate_limits.delete_full(full_before=NOW + 31, limit=3) for _ in range(3)] == [3, 2, 0]
