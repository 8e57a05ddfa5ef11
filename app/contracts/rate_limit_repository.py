"""The contract of a rate limit repository (``app.ports.rate_limit_repository``)."""

import asyncio
from collections.abc import Awaitable
from hashlib import sha256
from itertools import cycle, islice
from typing import Final

import pytest

from ..domain.rate_limits.rate_limit import RateLimit
from ..ports.rate_limit_repository import RateLimitRepository
from .kit import CONNECTIONS, RACERS, Counts, RepositoryContract
from .sentences import all_end

THREE: Final = RateLimit(attempts=3, period=90)
"""Three attempts; one comes back every 30 seconds."""

NOW: Final = 4_000_000_000.25
"""A time after the clock of every store, so that no store expires an entry during a test."""


def key(*parts: object) -> bytes:
    """Return a key, a different one for different parts."""
    return sha256(repr(parts).encode()).digest()


async def take(rate_limits: RateLimitRepository, of: bytes, limit: RateLimit = THREE, *, now: float = NOW) -> float:
    """Take an attempt from one limit; return 0, or after how many seconds there is an attempt again."""
    waits = await rate_limits.take({of: limit}, now=now)
    assert waits.keys() <= {of}, "take returned a wait for a limit that was not asked for"
    return waits.get(of, 0)


class RateLimitBehaviour(RepositoryContract[RateLimitRepository]):
    """Every method does what its docstring says."""

    async def test_limit_allows_its_number_of_attempts(self, repository: RateLimitRepository) -> None:
        """All attempts can be taken at once. Then one comes back after its share of the period. A refusal costs
        nothing.
        """
        assert [await take(repository, key(1)) for _ in range(5)] == [0, 0, 0, 30, 30], (
            "take did not allow exactly the attempts of the limit, or a refusal cost something"
        )
        assert await take(repository, key(1), now=NOW + 29.5) == 0.5, (
            "take returned another wait than until the next attempt comes back"
        )
        assert [await take(repository, key(1), now=NOW + 30) for _ in range(2)] == [0, 30], (
            "take did not give back exactly one attempt after its share of the period"
        )

    async def test_limit_becomes_full_again(self, repository: RateLimitRepository) -> None:
        """After the period, or long after it, the limit is full and no more than full."""
        for later in (0, 90, 100_000):
            taken = [await take(repository, key(1), now=NOW + later) for _ in range(4)]
            assert taken == [0, 0, 0, 30], "the limit is not full, or more than full, after its period"

    async def test_clock_set_back_does_not_lock_out(self, repository: RateLimitRepository) -> None:
        """Attempts from the far future no longer count. A small difference between clocks makes no limit full."""
        for ahead in (100_000, 30):
            for _ in range(3):
                await take(repository, key(ahead), now=NOW + ahead)
        assert [await take(repository, key(100_000)) for _ in range(4)] == [0, 0, 0, 30], (
            "attempts from the far future lock out, although the clock was set back"
        )
        assert await take(repository, key(30)) == 60, "a clock that is a little behind makes a limit full"

    async def test_keys_have_separate_limits(self, repository: RateLimitRepository) -> None:
        """Each key has a limit of its own."""
        for number in range(4):
            assert [await take(repository, key(number)) for _ in range(4)] == [0, 0, 0, 30], "two keys share one limit"

    async def test_give_back_returns_an_attempt(self, repository: RateLimitRepository) -> None:
        """Each call gives back one attempt. A full limit stays full and does not grow."""
        await repository.give_back({key(1): THREE}, now=NOW)
        assert [await take(repository, key(1)) for _ in range(4)] == [0, 0, 0, 30], (
            "give_back made a full limit more than full"
        )
        await repository.give_back({key(1): THREE}, now=NOW)
        assert [await take(repository, key(1)) for _ in range(2)] == [0, 30], (
            "give_back did not give back exactly one attempt"
        )
        for _ in range(9):
            await repository.give_back({key(1): THREE}, now=NOW)
        assert [await take(repository, key(1)) for _ in range(4)] == [0, 0, 0, 30], (
            "give_back made a limit more than full"
        )

    async def test_take_charges_all_limits_or_none(self, repository: RateLimitRepository) -> None:
        """If one limit refuses, the others are not charged. Each limit that is used up gives its own wait."""
        limits = {key(number): RateLimit(attempts=number, period=60 * number) for number in (1, 2, 3)}
        assert await repository.take(limits, now=NOW) == {}, "take refused although every limit had an attempt"
        for _ in range(5):
            assert await repository.take(limits, now=NOW) == {key(1): 60}, (
                "take did not refuse with the wait of the limit that is used up alone"
            )
        assert await take(repository, key(3), limits[key(3)], now=NOW + 15) == 0, "a refused take charged another limit"
        assert await take(repository, key(3), limits[key(3)], now=NOW + 15) == 0, (
            "a refused take charged another limit twice"
        )
        assert await repository.take(limits, now=NOW + 15) == {key(1): 45, key(3): 45}, (
            "take did not return the wait of each limit that is used up"
        )
        assert await take(repository, key(2), limits[key(2)], now=NOW + 15) == 0, (
            "a refused take charged a limit that had attempts"
        )
        assert await take(repository, key(2), limits[key(2)], now=NOW + 15) == 45, (
            "take allowed more attempts than the limit"
        )

    async def test_give_back_to_several_limits(self, repository: RateLimitRepository) -> None:
        """Each limit gets back one attempt of its own."""
        limits = {key(1): THREE, key(2): RateLimit(attempts=2, period=120)}
        for _ in range(2):
            await repository.take(limits, now=NOW)
        await repository.give_back({**limits, key(3): THREE}, now=NOW)
        assert [await take(repository, key(1)) for _ in range(3)] == [0, 0, 30], (
            "give_back to several limits did not give one attempt to the first of them"
        )
        assert [await take(repository, key(2), limits[key(2)]) for _ in range(2)] == [0, 60], (
            "give_back to several limits did not give one attempt to the second of them"
        )
        assert [await take(repository, key(3)) for _ in range(4)] == [0, 0, 0, 30], (
            "give_back to several limits made a full one more than full"
        )

    async def test_reset_makes_limits_full(self, repository: RateLimitRepository) -> None:
        """The named limits are full, and no others. A full limit can be reset too."""
        for number in (1, 2, 3):
            for _ in range(3):
                await take(repository, key(number))
        await repository.reset([key(1), key(4), key(3)])
        await repository.reset([key(4)])
        for number in (1, 3):
            assert [await take(repository, key(number)) for _ in range(4)] == [0, 0, 0, 30], (
                "reset did not make a limit full"
            )
        assert await take(repository, key(2)) == 30, "reset made a limit full that it was not asked for"

    async def test_delete_full_keeps_limits_that_are_not_full(self, repository: RateLimitRepository) -> None:
        """Deleting full limits changes no later result, and deletes at most ``limit`` of them."""
        for number in range(5):
            await take(repository, key(number))
        for _ in range(3):
            await take(repository, key("used"))
        assert await repository.delete_full(full_before=NOW + 60, limit=2) <= 2, (
            "delete_full deleted more entries than its limit"
        )
        await repository.delete_full(full_before=NOW + 60, limit=100)
        assert await repository.delete_full(full_before=NOW + 60, limit=100) == 0, (
            "delete_full did not delete every entry that was full"
        )
        assert await take(repository, key("used")) == 30, "delete_full deleted a limit that was not full"


class RateLimitConcurrency(RepositoryContract[RateLimitRepository]):
    """Racing acts on several connections."""

    @pytest.mark.proof("login")
    async def test_racing_attempts_never_exceed_the_limit(self, proof: Counts) -> None:
        """Of racing attempts exactly as many succeed as the limit allows."""
        connections = await self.connections(CONNECTIONS)
        attempts = proof.count("racing attempts at one rate limit", small=2 * RACERS, full=500)
        for race in range(proof.count("races for a rate limit", small=3, full=20)):
            limit = RateLimit(attempts=5 + race, period=3_600)
            waits = await asyncio.gather(*(take(one, key(race), limit) for one in islice(cycle(connections), attempts)))
            assert waits.count(0) == 5 + race, (
                f"{waits.count(0)} racing attempts succeeded at a limit of {limit.attempts}: take is not atomic"
            )

    async def test_racing_refusals_charge_no_other_limit(self) -> None:
        """Racing attempts share one limit, and each has another of its own. Those that the shared limit refuses are not
        charged to their own.
        """
        racers = await self.racers()
        common = RateLimit(attempts=5, period=3_600)
        waits = await asyncio.gather(
            *(racer.take({key(number): THREE, key("common"): common}, now=NOW) for number, racer in enumerate(racers))
        )
        assert waits.count({}) == 5, (
            f"{waits.count({})} racing attempts succeeded at a shared limit of {common.attempts}"
        )
        assert all(refused.keys() == {key("common")} for refused in waits if refused), (
            "take returned a wait for a limit that was not used up"
        )
        for number, refused in enumerate(waits):
            left = [await take(racers[0], key(number)) for _ in range(4)]
            assert left == ([0, 0, 0, 30] if refused else [0, 0, 30, 30]), (
                "take charged another limit although the shared one refused, or did not charge it although it did not"
            )

    async def test_racing_acts_do_not_deadlock(self) -> None:
        """Racing ``take``, ``give_back`` and ``reset`` that name the same limits in different orders all end."""
        connections = await self.connections(CONNECTIONS)
        limit, keys = RateLimit(attempts=10_000, period=3_600), [key(number) for number in range(4)]
        rotated = [dict.fromkeys(keys[first:] + keys[:first], limit) for first in range(4)]
        for _ in range(5):
            acts: list[Awaitable[object]] = []
            for number, one in enumerate(connections):
                acts.append(one.take(rotated[number % 4], now=NOW))
                acts.append(one.give_back(rotated[-number % 4], now=NOW))
                acts.append(one.reset([*rotated[number // 4 % 4]]))
            for result in await all_end(acts, "take, give_back and reset"):
                assert not isinstance(result, Exception), f"one of many acts at once raised {type(result).__name__}"
        assert await connections[0].take(rotated[0], now=NOW) == {}, (
            "after racing calls a limit is used up that has attempts left"
        )

    async def test_racing_give_backs_are_all_counted(self) -> None:
        """Attempts that are given back at the same time can all be taken again."""
        racers = await self.racers()
        limit = RateLimit(attempts=RACERS, period=3_600)
        for _ in range(RACERS):
            assert await take(racers[0], key(1), limit) == 0, "take refused although attempts were left"
        await asyncio.gather(*(racer.give_back({key(1): limit}, now=NOW) for racer in racers))
        waits = [await take(racers[0], key(1), limit) for _ in range(RACERS + 1)]
        assert waits[:-1] == [0] * RACERS, "racing calls of give_back lost an attempt"
        assert waits[-1] > 0, "racing calls of give_back gave back more attempts than were taken"


class RateLimitRepositoryContract(RateLimitBehaviour, RateLimitConcurrency):
    """All tiers."""
