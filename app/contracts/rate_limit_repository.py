"""The contract of what keeps budgets of attempts (``app.ports.attempt_budgets``)."""

import asyncio
from collections.abc import Sequence
from hashlib import sha256
from itertools import cycle, islice
from typing import Final

import pytest
import pytest_asyncio

from ..domain.rate_limits.rate_limit import RateLimit
from ..ports.rate_limit_repository import RateLimitRepository
from .counts import CONNECTIONS, RACERS, Counts

THREE: Final = RateLimit(attempts=3, period=90)
"""Half a minute apart."""

NOW: Final = 4_000_000_000.25
"""In the future of every store's own clock, so that none of them expires anything meanwhile."""


def key(*parts: object) -> bytes:
    """Return a key that differs for different parts."""
    return sha256(repr(parts).encode()).digest()


async def take(rate_limits: RateLimitRepository, of: bytes, limit: RateLimit = THREE, *, now: float = NOW) -> float:
    """Take an attempt from one budget; return for how many seconds there is none, or 0."""
    waits = await rate_limits.take({of: limit}, now=now)
    assert waits.keys() <= {of}
    return waits.get(of, 0)


class AttemptBudgetsKit:
    """Gives each test a store of its own; an adapter overrides ``connections``."""

    pytestmark = pytest.mark.asyncio

    async def connections(self, n: int) -> Sequence[RateLimitRepository]:
        """Return ``n`` ways to one store, which is empty."""
        raise NotImplementedError

    @pytest_asyncio.fixture
    async def rate_limits(self) -> RateLimitRepository:
        """Return those of a test that needs one way."""
        [rate_limits] = await self.connections(1)
        return rate_limits


class BudgetBehaviour(AttemptBudgetsKit):
    """Every sentence of the port holds."""

    async def test_there_are_as_many_as_it_says(self, rate_limits: RateLimitRepository) -> None:
        """All are there at once; then one has to wait for its share of the period, and refusals cost nothing."""
        assert [await take(rate_limits, key(1)) for _ in range(5)] == [0, 0, 0, 30, 30]
        assert await take(rate_limits, key(1), now=NOW + 29.5) == 0.5
        assert [await take(rate_limits, key(1), now=NOW + 30) for _ in range(2)] == [0, 30]

    async def test_all_come_back_and_no_more(self, rate_limits: RateLimitRepository) -> None:
        """After the period, or long after it, the budget is whole."""
        for later in (0, 90, 100_000):
            taken = [await take(rate_limits, key(1), now=NOW + later) for _ in range(4)]
            assert taken == [0, 0, 0, 30]

    async def test_a_clock_that_is_set_back_locks_nobody_out(self, rate_limits: RateLimitRepository) -> None:
        """What was used in a far future counts no more; a small difference of clocks makes nothing whole."""
        for ahead in (100_000, 30):
            for _ in range(3):
                await take(rate_limits, key(ahead), now=NOW + ahead)
        assert [await take(rate_limits, key(100_000)) for _ in range(4)] == [0, 0, 0, 30]
        assert await take(rate_limits, key(30)) == 60

    async def test_one_key_is_not_another(self, rate_limits: RateLimitRepository) -> None:
        """Each key has a budget of its own."""
        for number in range(4):
            assert [await take(rate_limits, key(number)) for _ in range(4)] == [0, 0, 0, 30]

    async def test_what_is_given_back_can_be_taken(self, rate_limits: RateLimitRepository) -> None:
        """Once for each time; a whole budget does not grow."""
        await rate_limits.give_back({key(1): THREE}, now=NOW)
        assert [await take(rate_limits, key(1)) for _ in range(4)] == [0, 0, 0, 30]
        await rate_limits.give_back({key(1): THREE}, now=NOW)
        assert [await take(rate_limits, key(1)) for _ in range(2)] == [0, 30]
        for _ in range(9):
            await rate_limits.give_back({key(1): THREE}, now=NOW)
        assert [await take(rate_limits, key(1)) for _ in range(4)] == [0, 0, 0, 30]

    async def test_of_several_budgets_all_have_one_or_none_is_taken(self, rate_limits: RateLimitRepository) -> None:
        """What one refuses costs the others nothing; each that is used up says for how long."""
        wanted = {key(number): RateLimit(attempts=number, period=60 * number) for number in (1, 2, 3)}
        assert await rate_limits.take(wanted, now=NOW) == {}
        for _ in range(5):
            assert await rate_limits.take(wanted, now=NOW) == {key(1): 60}
        assert await take(rate_limits, key(3), wanted[key(3)], now=NOW + 15) == 0
        assert await take(rate_limits, key(3), wanted[key(3)], now=NOW + 15) == 0
        assert await rate_limits.take(wanted, now=NOW + 15) == {key(1): 45, key(3): 45}
        assert await take(rate_limits, key(2), wanted[key(2)], now=NOW + 15) == 0
        assert await take(rate_limits, key(2), wanted[key(2)], now=NOW + 15) == 45

    async def test_several_get_back_what_each_gave(self, rate_limits: RateLimitRepository) -> None:
        """Each as much as one attempt of its own is worth."""
        wanted = {key(1): THREE, key(2): RateLimit(attempts=2, period=120)}
        for _ in range(2):
            await rate_limits.take(wanted, now=NOW)
        await rate_limits.give_back({**wanted, key(3): THREE}, now=NOW)
        assert [await take(rate_limits, key(1)) for _ in range(3)] == [0, 0, 30]
        assert [await take(rate_limits, key(2), wanted[key(2)]) for _ in range(2)] == [0, 60]
        assert [await take(rate_limits, key(3)) for _ in range(4)] == [0, 0, 0, 30]

    async def test_a_cleared_budget_is_whole(self, rate_limits: RateLimitRepository) -> None:
        """It, and no other; one that was whole may be cleared too."""
        for number in (1, 2, 3):
            for _ in range(3):
                await take(rate_limits, key(number))
        await rate_limits.reset([key(1), key(4), key(3)])
        await rate_limits.reset([key(4)])
        for number in (1, 3):
            assert [await take(rate_limits, key(number)) for _ in range(4)] == [0, 0, 0, 30]
        assert await take(rate_limits, key(2)) == 30

    async def test_what_is_not_whole_is_not_forgotten(self, rate_limits: RateLimitRepository) -> None:
        """Forgetting changes no answer, and takes no more than its limit."""
        for number in range(5):
            await take(rate_limits, key(number))
        for _ in range(3):
            await take(rate_limits, key("used"))
        assert await rate_limits.delete_full(full_before=NOW + 60, limit=2) <= 2
        await rate_limits.delete_full(full_before=NOW + 60, limit=100)
        assert await rate_limits.delete_full(full_before=NOW + 60, limit=100) == 0
        assert await take(rate_limits, key("used")) == 30


class BudgetConcurrency(AttemptBudgetsKit):
    """Acts that race, on several connections."""

    @pytest.mark.proof("login")
    async def test_exactly_as_many_as_there_are_get_through(self, proof: Counts) -> None:
        """Of parallel attempts at one budget exactly as many succeed as it has."""
        connections = await self.connections(CONNECTIONS)
        attempts = proof.count("parallel attempts at one budget", small=2 * RACERS, full=500)
        for race in range(proof.count("races for a budget", small=3, full=20)):
            limit = RateLimit(attempts=5 + race, period=3_600)
            waits = await asyncio.gather(*(take(one, key(race), limit) for one in islice(cycle(connections), attempts)))
            assert waits.count(0) == 5 + race

    async def test_whoever_is_refused_keeps_the_other_budgets(self) -> None:
        """Of parallel attempts at one budget, each with another of its own, exactly as many succeed as the one has, and
        the others have what they had.
        """
        connections = await self.connections(CONNECTIONS)
        common = RateLimit(attempts=5, period=3_600)
        waits = await asyncio.gather(
            *(
                one.take({key(number): THREE, key("common"): common}, now=NOW)
                for number, one in enumerate(islice(cycle(connections), RACERS))
            )
        )
        assert waits.count({}) == 5
        assert all(refused.keys() == {key("common")} for refused in waits if refused)
        for number, refused in enumerate(waits):
            left = [await take(connections[0], key(number)) for _ in range(4)]
            assert left == ([0, 0, 0, 30] if refused else [0, 0, 30, 30])

    async def test_acts_on_the_same_budgets_in_other_orders_do_not_stop_each_other(self) -> None:
        """Taking, giving back and clearing at once, each naming the budgets in another order, all end."""
        connections = await self.connections(CONNECTIONS)
        limit, keys = RateLimit(attempts=10_000, period=3_600), [key(number) for number in range(4)]
        rotated = [dict.fromkeys(keys[first:] + keys[:first], limit) for first in range(4)]
        async with asyncio.timeout(30):
            for _ in range(5):
                await asyncio.gather(
                    *(one.take(rotated[number % 4], now=NOW) for number, one in enumerate(connections)),
                    *(one.give_back(rotated[-number % 4], now=NOW) for number, one in enumerate(connections)),
                    *(one.reset([*rotated[number // 4 % 4]]) for number, one in enumerate(connections)),
                )
        assert await connections[0].take(rotated[0], now=NOW) == {}

    async def test_nothing_given_back_is_lost(self) -> None:
        """Attempts that are given back at once can all be taken again."""
        connections = await self.connections(CONNECTIONS)
        limit = RateLimit(attempts=RACERS, period=3_600)
        for _ in range(RACERS):
            assert await take(connections[0], key(1), limit) == 0
        await asyncio.gather(*(one.give_back({key(1): limit}, now=NOW) for one in islice(cycle(connections), RACERS)))
        waits = [await take(connections[0], key(1), limit) for _ in range(RACERS + 1)]
        assert waits[:-1] == [0] * RACERS
        assert waits[-1] > 0


class RateLimitRepositoryContract(BudgetBehaviour, BudgetConcurrency):
    """Every tier."""
