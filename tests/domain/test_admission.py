"""What a sign-in costs before its password is looked at: nothing, for most of a flood."""

import asyncio
from collections.abc import Coroutine
from dataclasses import replace
from typing import Any

import pytest

from app.domain.errors import StoreUnavailable, TooManyAttempts
from app.domain.identifiers import FIRST_PARTY
from app.domain.login.authentication import LoginResult
from app.domain.login.device import Device, make_device_token
from app.domain.login.errors import InvalidCredentials, NoPlaceLeft
from app.domain.rate_limits.rate_limit import RateLimit
from app.domain.requester import Requester
from app.testing.builders import ALICE, PASSWORD, RATE_LIMITS
from app.testing.system import NOW
from app.testing.world import MAX_LOOKUPS, MAX_UNKNOWN, REQUESTER, World


def signing_in(
    world: World,
    password: str = PASSWORD,
    *,
    username: str = "alice",
    address: str = REQUESTER.address,
    device: str | None = None,
) -> Coroutine[Any, Any, LoginResult]:
    """Return a sign-in that has not begun."""
    return world.authentication.sign_in(
        username,
        password,
        client_id=FIRST_PARTY,
        requested=None,
        requester=Requester(address=address),
        device_token=device,
    )


class Watched:
    """Counts what is asked of the stores; while ``closed``, no answer comes."""

    def __init__(self, world: World) -> None:
        self.asked = self.at_once = self.most_at_once = 0
        self.open = asyncio.Event()
        self.open.set()
        world.users.find_by_username = self._watched(world.users.find_by_username)  # type: ignore[method-assign]
        world.rate_limits.take = self._watched(world.rate_limits.take)  # type: ignore[method-assign]

    def _watched(self, act: Any) -> Any:
        async def watched(*arguments: Any, **options: Any) -> Any:
            self.asked += 1
            self.at_once += 1
            self.most_at_once = max(self.most_at_once, self.at_once)
            try:
                await self.open.wait()
                return await act(*arguments, **options)
            finally:
                self.at_once -= 1

        return watched


async def begun(*sign_ins: Coroutine[Any, Any, LoginResult]) -> list[asyncio.Task[LoginResult]]:
    """Return sign-ins that have come as far as they can."""
    tasks = [asyncio.create_task(each) for each in sign_ins]
    for _ in range(200):
        await asyncio.sleep(0)
    return tasks


async def outcomes(tasks: list[asyncio.Task[LoginResult]]) -> list[type]:
    """Return what became of sign-ins, as types."""
    return [type(each) for each in await asyncio.gather(*tasks, return_exceptions=True)]


async def use_up_the_account(world: World) -> None:
    """Guess until the account's budget of strangers is empty, and learn so."""
    for number in range(40):
        with pytest.raises(InvalidCredentials):
            await signing_in(world, "wrong", address=f"198.51.100.{number}")
    with pytest.raises(TooManyAttempts):
        await signing_in(world)


async def test_who_was_just_refused_is_refused_at_no_cost(world: World) -> None:
    """For a second neither store nor audit trail hears of it, from whatever address; the wait is told as it is."""
    await use_up_the_account(world)
    watched, events = Watched(world), len(world.audit.events)
    world.clock.advance(0.9)
    for number in range(100):
        with pytest.raises(TooManyAttempts) as refused:
            await signing_in(world, address=f"203.0.113.{number}")
        assert refused.value.retry_after == 7_200
    assert (watched.asked, len(world.audit.events)) == (0, events)
    world.clock.advance(0.1)
    with pytest.raises(TooManyAttempts):
        await signing_in(world)
    assert (watched.asked, len(world.audit.events)) == (2, events + 1)


async def test_a_success_here_is_known_at_once(world: World) -> None:
    """And one on another instance after a second."""
    device = (await signing_in(world)).device_token
    await use_up_the_account(world)
    await signing_in(world, device=device)
    await signing_in(world)
    await use_up_the_account(world)
    await world.rate_limits.reset(list(world.rate_limits.full_at))
    with pytest.raises(TooManyAttempts):
        await signing_in(world)
    world.clock.advance(1)
    await signing_in(world)


async def test_an_attempt_that_comes_back_within_the_second_counts() -> None:
    """No refusal is remembered for longer than it says."""
    world = await World.create(rate_limit_policy=replace(RATE_LIMITS, everyone=RateLimit(2, 1)))
    for number in range(2):
        with pytest.raises(InvalidCredentials):
            await signing_in(world, username=f"name-{number}")
    with pytest.raises(TooManyAttempts):
        await signing_in(world)
    world.clock.advance(0.5)
    await signing_in(world)


async def test_a_clock_that_is_set_back_ends_what_is_remembered(world: World) -> None:
    """Nobody waits for a time that is to come again."""
    await use_up_the_account(world)
    watched = Watched(world)
    world.clock.advance(-30)
    with pytest.raises(TooManyAttempts):
        await signing_in(world)
    assert watched.asked == 2


async def test_no_more_is_remembered_than_fits(world: World) -> None:
    """Whoever is refused in ever new names takes a bounded place."""
    refusals = world.rate_limiter._recent_refusals
    for number in range(12_000):
        refusals.add({number.to_bytes(4, "big"): 60.0})
    assert len(refusals._refused) == 10_000
    assert refusals.retry_after([(11_999).to_bytes(4, "big")]) == 60
    assert refusals.retry_after([(0).to_bytes(4, "big")]) == 0


async def test_a_crowd_of_strangers_waits_before_the_store(world: World) -> None:
    """A few ask at once, as many as can be hashed wait in turn, and the rest is refused at once, at no cost."""
    watched = Watched(world)
    watched.open.clear()
    crowd = await begun(*(signing_in(world, username=f"name-{n}", address=f"10.0.{n}.1") for n in range(200)))
    assert sum(task.done() for task in crowd) == 200 - MAX_UNKNOWN
    assert watched.asked == MAX_LOOKUPS
    watched.open.set()
    done = await outcomes(crowd)
    assert done == [InvalidCredentials] * MAX_UNKNOWN + [NoPlaceLeft] * (200 - MAX_UNKNOWN)
    assert watched.most_at_once == MAX_LOOKUPS
    assert world.hasher.verifications == MAX_UNKNOWN


async def test_a_crowd_at_one_account_asks_for_few(world: World) -> None:
    """Those who wait for their turn hear of the first refusals: neither store nor audit trail gets one for each."""
    await use_up_the_account(world)
    world.clock.advance(1)
    watched, events = Watched(world), len(world.audit.events)
    crowd = await begun(*(signing_in(world, address=f"10.0.{n}.1") for n in range(200)))
    assert set(await outcomes(crowd)) == {TooManyAttempts, NoPlaceLeft}
    assert watched.asked <= 2 * MAX_LOOKUPS
    assert len(world.audit.events) - events <= MAX_LOOKUPS


async def test_a_stranger_keeps_the_place_until_the_password_is_verified(world: World) -> None:
    """While as many wait as can be hashed, the next asks nothing."""
    watched = Watched(world)
    world.hasher.open.clear()
    crowd = await begun(*(signing_in(world, username=f"name-{n}", address=f"10.0.{n}.1") for n in range(MAX_UNKNOWN)))
    asked = watched.asked
    with pytest.raises(NoPlaceLeft):
        await signing_in(world)
    assert watched.asked == asked == 2 * MAX_UNKNOWN
    world.hasher.open.set()
    assert await outcomes(crowd) == [InvalidCredentials] * MAX_UNKNOWN
    with pytest.raises(InvalidCredentials):
        await signing_in(world, "wrong")


async def test_a_crowd_keeps_no_known_device_out(world: World) -> None:
    """Its owner is looked up at once, waits for no stranger, and has a place that is reserved."""
    device = (await signing_in(world)).device_token
    watched = Watched(world)
    watched.open.clear()
    crowd = await begun(*(signing_in(world, username=f"name-{n}", address=f"10.0.{n}.1") for n in range(200)))
    [owner] = await begun(signing_in(world, device=device))
    assert watched.asked == MAX_LOOKUPS + 1
    watched.open.set()
    assert await outcomes([owner]) == [LoginResult]
    await outcomes(crowd)
    assert world.hasher.known_users.count(True) == 1


def forged(number: int) -> str:
    """Return a device token that Alice's password did not make; of each number another."""
    device = Device(ALICE.subject, number.to_bytes(16, "big"), int(NOW))
    return make_device_token(device, replace(ALICE, password_hash="-"))  # noqa: S106


async def test_false_devices_are_strangers(world: World) -> None:
    """However many somebody makes up, they share the strangers' budgets and places."""
    for number in range(10):
        with pytest.raises(InvalidCredentials):
            await signing_in(world, "wrong", device=forged(number))
    with pytest.raises(TooManyAttempts):
        await signing_in(world, device=forged(10))
    assert not any(world.hasher.known_users)


async def test_a_crowd_of_false_devices_keeps_no_owner_out(world: World) -> None:
    """After a few, a network's wait in a room of their own, of which the places are bounded, too."""
    device = (await signing_in(world)).device_token
    watched = Watched(world)
    watched.open.clear()
    crowd = await begun(*(signing_in(world, device=forged(n), address="198.51.100.1") for n in range(1_100)))
    assert watched.asked == 2 * MAX_LOOKUPS
    assert sum(task.done() for task in crowd) == 1_100 - 20 - 1_000
    [owner] = await begun(signing_in(world, device=device))
    watched.open.set()
    assert await outcomes([owner]) == [LoginResult]
    assert LoginResult in await outcomes(crowd)


async def test_an_owner_behind_the_address_of_false_devices_still_has_one(world: World) -> None:
    """There a device is believed later, and is believed."""
    device = (await signing_in(world)).device_token
    for number in range(30):
        with pytest.raises((InvalidCredentials, TooManyAttempts)):
            await signing_in(world, "wrong", device=forged(number))
    with pytest.raises(TooManyAttempts):
        world.admission._invalid_device_tokens.take(REQUESTER.address, world.clock.now())
    await signing_in(world, device=device)
    assert world.hasher.known_users[-1]


async def test_true_devices_are_not_counted_among_the_false(world: World) -> None:
    """Many people behind one address who are known are in nobody's way."""
    device = (await signing_in(world)).device_token
    for _ in range(30):
        await signing_in(world, device=device)
    world.admission._invalid_device_tokens.take(REQUESTER.address, world.clock.now())


async def test_what_a_success_gives_back_can_be_taken_at_once() -> None:
    """Though the budget was found empty a moment ago."""
    world = await World.create(rate_limit_policy=replace(RATE_LIMITS, everyone=RateLimit(1, 3_600)))
    world.hasher.open.clear()
    [first] = await begun(signing_in(world))
    with pytest.raises(TooManyAttempts):
        await signing_in(world)
    world.hasher.open.set()
    await first
    await signing_in(world)


@pytest.mark.parametrize("waits_for", ["the store", "the hash"])
async def test_who_gives_up_before_the_password_is_looked_at_has_lost_nothing(world: World, waits_for: str) -> None:
    """An owner who has too little patience in a flood is not throttled after it."""
    device = (await signing_in(world)).device_token
    answered, take = asyncio.Event(), world.rate_limits.take

    async def take_and_answer_late(*arguments: Any, **options: Any) -> Any:
        waits = await take(*arguments, **options)
        await answered.wait()
        return waits

    world.rate_limits.take = take_and_answer_late  # type: ignore[method-assign]
    gate = answered if waits_for == "the store" else world.hasher.open
    answered.set()
    for _ in range(30):
        gate.clear()
        [owner] = await begun(signing_in(world, device=device))
        owner.cancel()
        await asyncio.sleep(0)
        gate.set()
        with pytest.raises(asyncio.CancelledError):
            await owner
    await signing_in(world, device=device)


async def test_who_gives_up_frees_the_place(world: World) -> None:
    """However a sign-in ends, the next finds room: its client went away, the store did, or the password is wrong."""
    watched = Watched(world)
    watched.open.clear()
    crowd = await begun(*(signing_in(world, username=f"name-{n}") for n in range(MAX_UNKNOWN)))
    for task in crowd:
        task.cancel()
    await asyncio.gather(*crowd, return_exceptions=True)
    watched.open.set()
    ask, world.rate_limits.take = world.rate_limits.take, unavailable  # type: ignore[method-assign]
    for number in range(2 * MAX_UNKNOWN):
        with pytest.raises(StoreUnavailable):
            await signing_in(world, username=f"name-{number}", address=f"10.1.{number}.1")
    world.rate_limits.take = ask  # type: ignore[method-assign]
    for number in range(2 * MAX_UNKNOWN):
        with pytest.raises(InvalidCredentials):
            await signing_in(world, username=f"name-{number}", address=f"10.1.{number}.1")
    await signing_in(world)


async def unavailable(*_: object, **__: object) -> dict[bytes, float]:
    """Be a store that is away."""
    raise StoreUnavailable
