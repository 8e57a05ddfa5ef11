"""Admission: what a sign-in costs before its password is verified."""

import asyncio
from collections.abc import Coroutine
from dataclasses import replace
from typing import Any

import pytest

from app.domain.errors import StoreUnavailable, TooManyAttempts
from app.domain.identifiers import FIRST_PARTY
from app.domain.login.authentication import LoginResult
from app.domain.login.device import Device, make_device_token
from app.domain.login.errors import HashingOverloaded, InvalidCredentials
from app.domain.rate_limits.rate_limit import RateLimit
from app.domain.requester import Requester
from app.testing.builders import ALICE, PASSWORD, RATE_LIMITS
from app.testing.services import MAX_LOOKUPS, MAX_UNKNOWN
from app.testing.system import NOW
from app.testing.world import REQUESTER, World


def sign_in(
    world: World,
    password: str = PASSWORD,
    *,
    username: str = "alice",
    address: str = REQUESTER.address,
    device: str | None = None,
) -> Coroutine[Any, Any, LoginResult]:
    """Return a sign-in that has not started."""
    return world.authentication.sign_in(
        username,
        password,
        client_id=FIRST_PARTY,
        requested_scope=None,
        requester=Requester(address=address),
        device_token=device,
    )


class WatchedStores:
    """Counts the queries of the stores. While ``open`` is not set, they get no answer."""

    def __init__(self, world: World) -> None:
        self.queries = self.concurrent = self.max_concurrent = 0
        self.open = asyncio.Event()
        self.open.set()
        world.users.find_by_username = self._counted(world.users.find_by_username)  # type: ignore[method-assign]
        world.rate_limits.take = self._counted(world.rate_limits.take)  # type: ignore[method-assign]

    def _counted(self, act: Any) -> Any:
        async def counted(*arguments: Any, **options: Any) -> Any:
            self.queries += 1
            self.concurrent += 1
            self.max_concurrent = max(self.max_concurrent, self.concurrent)
            try:
                await self.open.wait()
                return await act(*arguments, **options)
            finally:
                self.concurrent -= 1

        return counted


async def started(*sign_ins: Coroutine[Any, Any, LoginResult]) -> list[asyncio.Task[LoginResult]]:
    """Start sign-ins, and return them when they cannot go on."""
    tasks = [asyncio.create_task(each) for each in sign_ins]
    for _ in range(200):
        await asyncio.sleep(0)
    return tasks


async def outcomes(tasks: list[asyncio.Task[LoginResult]]) -> list[type]:
    """Return the types of the results and errors of sign-ins."""
    return [type(each) for each in await asyncio.gather(*tasks, return_exceptions=True)]


async def use_up_the_account(world: World) -> None:
    """Guess until the account's limit for unknown devices is used up, and one attempt is refused."""
    for number in range(40):
        with pytest.raises(InvalidCredentials):
            await sign_in(world, "wrong", address=f"198.51.100.{number}")
    with pytest.raises(TooManyAttempts):
        await sign_in(world)


async def test_a_recent_refusal_is_repeated_without_the_store(world: World) -> None:
    """For a second neither the store nor the audit trail is used, from any address; ``retry_after`` is correct."""
    await use_up_the_account(world)
    watched, events = WatchedStores(world), len(world.audit.events)
    world.clock.advance(0.9)
    for number in range(100):
        with pytest.raises(TooManyAttempts) as refused:
            await sign_in(world, address=f"203.0.113.{number}")
        assert refused.value.retry_after == 7_200
    assert (watched.queries, len(world.audit.events)) == (0, events)
    world.clock.advance(0.1)
    with pytest.raises(TooManyAttempts):
        await sign_in(world)
    assert (watched.queries, len(world.audit.events)) == (2, events + 1)


async def test_a_success_ends_recent_refusals(world: World) -> None:
    """A success on this instance ends them immediately, one on another instance after a second."""
    device = (await sign_in(world)).device_token
    await use_up_the_account(world)
    await sign_in(world, device=device)
    await sign_in(world)
    await use_up_the_account(world)
    await world.rate_limits.reset(list(world.rate_limits.full_at))
    with pytest.raises(TooManyAttempts):
        await sign_in(world)
    world.clock.advance(1)
    await sign_in(world)


async def test_a_refusal_is_remembered_no_longer_than_retry_after() -> None:
    """An attempt that comes back within the second is allowed."""
    world = await World.create(rate_limit_policy=replace(RATE_LIMITS, everyone=RateLimit(2, 1)))
    for number in range(2):
        with pytest.raises(InvalidCredentials):
            await sign_in(world, username=f"name-{number}")
    with pytest.raises(TooManyAttempts):
        await sign_in(world)
    world.clock.advance(0.5)
    await sign_in(world)


async def test_setting_the_clock_back_ends_recent_refusals(world: World) -> None:
    """Refusals from the future are ignored."""
    await use_up_the_account(world)
    watched = WatchedStores(world)
    world.clock.advance(-30)
    with pytest.raises(TooManyAttempts):
        await sign_in(world)
    assert watched.queries == 2


async def test_the_memory_of_refusals_is_bounded(world: World) -> None:
    """Refusals with ever new names take bounded memory."""
    refusals = world.rate_limiter._recent_refusals
    for number in range(12_000):
        refusals.add({number.to_bytes(4, "big"): 60.0})
    assert len(refusals._refused) == 10_000
    assert refusals.retry_after([(11_999).to_bytes(4, "big")]) == 60
    assert refusals.retry_after([(0).to_bytes(4, "big")]) == 0


async def test_a_flood_from_unknown_devices_waits_before_the_store(world: World) -> None:
    """A few sign-ins query the store, as many as can be hashed wait, and the others are refused at once."""
    watched = WatchedStores(world)
    watched.open.clear()
    flood = await started(*(sign_in(world, username=f"name-{n}", address=f"10.0.{n}.1") for n in range(200)))
    assert sum(task.done() for task in flood) == 200 - MAX_UNKNOWN
    assert watched.queries == MAX_LOOKUPS
    watched.open.set()
    done = await outcomes(flood)
    assert done == [InvalidCredentials] * MAX_UNKNOWN + [HashingOverloaded] * (200 - MAX_UNKNOWN)
    assert watched.max_concurrent == MAX_LOOKUPS
    assert world.hasher.verifications == MAX_UNKNOWN


async def test_a_flood_at_one_account_queries_the_store_rarely(world: World) -> None:
    """Waiting sign-ins learn of the first refusals, and are refused without a query and without an audit event."""
    await use_up_the_account(world)
    world.clock.advance(1)
    watched, events = WatchedStores(world), len(world.audit.events)
    flood = await started(*(sign_in(world, address=f"10.0.{n}.1") for n in range(200)))
    refused: set[type[Exception]] = {TooManyAttempts, HashingOverloaded}
    assert set(await outcomes(flood)) == refused
    assert watched.queries <= 2 * MAX_LOOKUPS
    assert len(world.audit.events) - events <= MAX_LOOKUPS


async def test_a_place_is_held_until_the_password_is_verified(world: World) -> None:
    """While as many wait as can be hashed, the next sign-in queries nothing."""
    watched = WatchedStores(world)
    world.hasher.open.clear()
    flood = await started(*(sign_in(world, username=f"name-{n}", address=f"10.0.{n}.1") for n in range(MAX_UNKNOWN)))
    queries = watched.queries
    with pytest.raises(HashingOverloaded):
        await sign_in(world)
    assert watched.queries == queries == 2 * MAX_UNKNOWN
    world.hasher.open.set()
    assert await outcomes(flood) == [InvalidCredentials] * MAX_UNKNOWN
    with pytest.raises(InvalidCredentials):
        await sign_in(world, "wrong")


async def test_a_flood_does_not_delay_a_known_device(world: World) -> None:
    """A known device is looked up at once, does not wait for unknown ones, and uses a reserved place."""
    device = (await sign_in(world)).device_token
    watched = WatchedStores(world)
    watched.open.clear()
    flood = await started(*(sign_in(world, username=f"name-{n}", address=f"10.0.{n}.1") for n in range(200)))
    [owner] = await started(sign_in(world, device=device))
    assert watched.queries == MAX_LOOKUPS + 1
    watched.open.set()
    assert await outcomes([owner]) == [LoginResult]
    await outcomes(flood)
    assert world.hasher.known_users.count(True) == 1


def forged(number: int) -> str:
    """Return a device token with another password hash's MAC; each number has its own."""
    device = Device(ALICE.subject, number.to_bytes(16, "big"), int(NOW))
    return make_device_token(device, replace(ALICE, password_hash="-"))  # noqa: S106


async def test_an_invalid_device_token_is_an_unknown_device(world: World) -> None:
    """Sign-ins with invalid device tokens share the limits and the places of unknown devices."""
    for number in range(10):
        with pytest.raises(InvalidCredentials):
            await sign_in(world, "wrong", device=forged(number))
    with pytest.raises(TooManyAttempts):
        await sign_in(world, device=forged(10))
    assert not any(world.hasher.known_users)


async def test_a_flood_of_invalid_device_tokens_delays_no_other_network(world: World) -> None:
    """After 20 invalid tokens from a network, its device tokens wait in a separate queue, which is bounded too."""
    device = (await sign_in(world)).device_token
    watched = WatchedStores(world)
    watched.open.clear()
    flood = await started(*(sign_in(world, device=forged(n), address="198.51.100.1") for n in range(1_100)))
    assert watched.queries == 2 * MAX_LOOKUPS
    assert sum(task.done() for task in flood) == 1_100 - 20 - 1_000
    [owner] = await started(sign_in(world, device=device))
    watched.open.set()
    assert await outcomes([owner]) == [LoginResult]
    assert LoginResult in await outcomes(flood)


async def test_a_valid_device_token_works_behind_a_flooding_address(world: World) -> None:
    """A valid device token from a network with many invalid ones is verified later, and accepted."""
    device = (await sign_in(world)).device_token
    for number in range(30):
        with pytest.raises((InvalidCredentials, TooManyAttempts)):
            await sign_in(world, "wrong", device=forged(number))
    with pytest.raises(TooManyAttempts):
        world.admission._invalid_device_tokens.take(REQUESTER.address, world.clock.now())
    await sign_in(world, device=device)
    assert world.hasher.known_users[-1]


async def test_valid_device_tokens_are_not_counted(world: World) -> None:
    """Many people with known devices behind one address do not hinder one another."""
    device = (await sign_in(world)).device_token
    for _ in range(30):
        await sign_in(world, device=device)
    world.admission._invalid_device_tokens.take(REQUESTER.address, world.clock.now())


async def test_an_attempt_that_a_success_gives_back_can_be_taken() -> None:
    """It can be taken at once, although the limit was used up a moment ago."""
    world = await World.create(rate_limit_policy=replace(RATE_LIMITS, everyone=RateLimit(1, 3_600)))
    world.hasher.open.clear()
    [first] = await started(sign_in(world))
    with pytest.raises(TooManyAttempts):
        await sign_in(world)
    world.hasher.open.set()
    await first
    await sign_in(world)


@pytest.mark.parametrize("waits_for", ["the store", "the hash"])
async def test_a_cancelled_sign_in_is_not_charged(world: World, waits_for: str) -> None:
    """A client that gives up before its password is verified is not limited later."""
    device = (await sign_in(world)).device_token
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
        [owner] = await started(sign_in(world, device=device))
        owner.cancel()
        await asyncio.sleep(0)
        gate.set()
        with pytest.raises(asyncio.CancelledError):
            await owner
    await sign_in(world, device=device)


async def test_every_end_of_a_sign_in_frees_its_place(world: World) -> None:
    """The place is free after a cancelled request, an outage of the store and a wrong password."""
    watched = WatchedStores(world)
    watched.open.clear()
    flood = await started(*(sign_in(world, username=f"name-{n}") for n in range(MAX_UNKNOWN)))
    for task in flood:
        task.cancel()
    await asyncio.gather(*flood, return_exceptions=True)
    watched.open.set()
    ask, world.rate_limits.take = world.rate_limits.take, unavailable  # type: ignore[method-assign]
    for number in range(2 * MAX_UNKNOWN):
        with pytest.raises(StoreUnavailable):
            await sign_in(world, username=f"name-{number}", address=f"10.1.{number}.1")
    world.rate_limits.take = ask  # type: ignore[method-assign]
    for number in range(2 * MAX_UNKNOWN):
        with pytest.raises(InvalidCredentials):
            await sign_in(world, username=f"name-{number}", address=f"10.1.{number}.1")
    await sign_in(world)


async def unavailable(*_: object, **__: object) -> dict[bytes, float]:
    """Answer as a store that does not answer."""
    raise StoreUnavailable
