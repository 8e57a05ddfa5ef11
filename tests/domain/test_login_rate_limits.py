"""Rate limits of sign-ins: who is slowed down, and who never is."""

import asyncio
from dataclasses import replace
from itertools import count

import pytest

from app.domain.audit.events import LoginFailed
from app.domain.errors import StoreUnavailable, TooManyAttempts
from app.domain.identifiers import FIRST_PARTY
from app.domain.login.authentication import LoginResult
from app.domain.login.errors import HashingOverloaded, InvalidCredentials
from app.domain.rate_limits.rate_limit import RateLimit
from app.domain.requester import Requester
from app.testing.builders import ALICE, PASSWORD, RATE_LIMITS
from app.testing.faults import unavailable
from app.testing.world import REQUESTER, World
from tests.conftest import Proof

OTHER_ADDRESS = "198.51.100.{}"


async def sign_in(
    world: World,
    password: str = PASSWORD,
    *,
    username: str = "alice",
    address: str = REQUESTER.address,
    device: str | None = None,
) -> LoginResult:
    """Sign Alice, or another user, in."""
    return await world.authentication.sign_in(
        username,
        password,
        client_id=FIRST_PARTY,
        requested_scope=None,
        requester=Requester(address=address),
        device_token=device,
    )


async def guess_until_limited(world: World, *, device: str | None = None, new_address: bool = True, **of: str) -> int:
    """Send wrong passwords until a rate limit refuses one; return how many passwords were checked."""
    for number in count():
        address = f"10.{number >> 8}.{number & 255}.1" if new_address else REQUESTER.address
        try:
            await sign_in(world, "wrong", address=address, device=device, **of)
        except TooManyAttempts:
            return number
        except InvalidCredentials:
            pass
    raise AssertionError


@pytest.mark.parametrize("username", ["alice", "nobody"])
async def test_an_account_has_forty_failures_from_unknown_devices(world: World, username: str) -> None:
    """The next one is allowed after two hours (NIST SP 800-63B §3.2.2), whether or not the user exists."""
    assert await guess_until_limited(world, username=username) == 40
    with pytest.raises(TooManyAttempts) as refused:
        await sign_in(world, username=username)
    assert refused.value.retry_after == 7_200
    assert world.hasher.verifications == 40


@pytest.mark.parametrize("pause", [0, 600, 1_800, 3_000, 3_599])
async def test_a_slow_attacker_has_at_most_a_hundred_failures(world: World, pause: int) -> None:
    """With new addresses and a stolen device token, guessing more often than once an hour is limited after a hundred
    failures.
    """
    allowed = {None, (await sign_in(world)).device_token}
    failures = 0
    for number in count():
        for shown in list(allowed):
            try:
                await sign_in(world, "wrong", address=f"10.{number >> 8}.{number & 255}.1", device=shown)
            except TooManyAttempts:
                allowed.remove(shown)
            except InvalidCredentials:
                failures += 1
        if not allowed:
            break
        world.clock.advance(pause)
    assert failures <= 100


async def test_a_known_device_is_admitted_when_unknown_devices_are_not(world: World) -> None:
    """Its success resets the account's limits, so that unknown devices are admitted again."""
    device = (await sign_in(world)).device_token
    await guess_until_limited(world)
    with pytest.raises(TooManyAttempts):
        await sign_in(world)
    assert (await sign_in(world, device=device)).device_token
    await sign_in(world)


async def test_a_stolen_device_token_has_ten_failures(world: World) -> None:
    """A known device has ten failures. Together with unknown devices an account has fifty."""
    device = (await sign_in(world)).device_token
    assert await guess_until_limited(world, device=device) == 10
    assert await guess_until_limited(world) == 40


async def test_one_network_has_ten_failures_at_one_account(world: World) -> None:
    """The user is still admitted from another network."""
    assert await guess_until_limited(world, new_address=False) == 10
    await sign_in(world, address=OTHER_ADDRESS.format(1))


async def test_one_network_has_a_hundred_failures_at_all_accounts(world: World) -> None:
    """Trying one password with many usernames is limited; other networks are not affected."""
    for number in range(100):
        with pytest.raises(InvalidCredentials):
            await sign_in(world, username=f"name-{number}")
    with pytest.raises(TooManyAttempts):
        await sign_in(world, username="name-100")
    await sign_in(world, address=OTHER_ADDRESS.format(1))


async def test_all_unknown_devices_share_a_limit() -> None:
    """When it is used up unknown devices wait; a known device does not."""
    world = await World.create(rate_limit_policy=replace(RATE_LIMITS, everyone=RateLimit(5, 50)))
    device = (await sign_in(world)).device_token
    for number in range(5):
        with pytest.raises(InvalidCredentials):
            await sign_in(world, username=f"name-{number}", address=OTHER_ADDRESS.format(number))
    with pytest.raises(TooManyAttempts) as refused:
        await sign_in(world, address=OTHER_ADDRESS.format(99))
    assert refused.value.retry_after == 10
    await sign_in(world, address=OTHER_ADDRESS.format(99), device=device)


async def test_successes_are_not_charged_to_the_network(world: World) -> None:
    """Of 300 sign-ins from one address none is refused."""
    for number in range(300):
        await sign_in(world)
        world.clock.advance(number % 2)


async def test_an_attempt_is_allowed_after_retry_after(world: World) -> None:
    """An attempt is allowed after ``retry_after`` seconds, and refused half a second earlier."""
    await guess_until_limited(world, new_address=False)
    with pytest.raises(TooManyAttempts) as refused:
        await sign_in(world)
    world.clock.advance(refused.value.retry_after - 0.5)
    with pytest.raises(TooManyAttempts) as again:
        await sign_in(world)
    assert again.value.retry_after == 1
    world.clock.advance(0.5)
    await sign_in(world)


async def test_retry_after_is_that_of_the_longest_wait(world: World) -> None:
    """If several limits are used up, the longest wait is returned: two hours for the account, not six seconds."""
    for number in range(100):
        with pytest.raises(InvalidCredentials):
            await sign_in(world, username=f"name-{number}")
    with pytest.raises(TooManyAttempts) as of_network:
        await sign_in(world)
    assert of_network.value.retry_after == 6
    await guess_until_limited(world)
    with pytest.raises(TooManyAttempts) as of_both:
        await sign_in(world)
    assert of_both.value.retry_after == 7_200


async def test_a_refused_attempt_is_not_charged(world: World) -> None:
    """Refused attempts at one account use up neither the limit of the network nor the limit of all."""
    await guess_until_limited(world, new_address=False)
    for _ in range(200):
        with pytest.raises(TooManyAttempts):
            await sign_in(world)
    for number in range(90):
        with pytest.raises(InvalidCredentials):
            await sign_in(world, username=f"name-{number}")
    with pytest.raises(TooManyAttempts):
        await sign_in(world, username="name-90")


async def test_an_attempt_without_verification_is_given_back(world: World) -> None:
    """Sign-ins that the hasher refuses for overload are not charged."""

    async def full(*_: object, **__: object) -> str | None:
        raise HashingOverloaded

    verify, world.hasher.verify = world.hasher.verify, full  # type: ignore[method-assign]  # until it is restored below
    for _ in range(200):
        with pytest.raises(HashingOverloaded):
            await sign_in(world, "wrong")
    world.hasher.verify = verify  # type: ignore[method-assign]
    assert await guess_until_limited(world, new_address=False) == 10


async def test_unicode_forms_of_a_username_share_a_limit(world: World) -> None:
    """A username in another Unicode form is the same account."""
    for number in range(10):
        with pytest.raises(InvalidCredentials):
            await sign_in(world, "wrong", username="zo\u00eb" if number % 2 else "zoe\u0308")
    with pytest.raises(TooManyAttempts):
        await sign_in(world, "wrong", username="zo\u00eb")


async def test_a_refusal_is_recorded(world: World) -> None:
    """The audit event has the reason ``too_many_attempts``."""
    await guess_until_limited(world, new_address=False)
    last = world.audit.events[-1]
    assert isinstance(last, LoginFailed)
    assert (last.reason, last.subject) == ("too_many_attempts", ALICE.subject)


async def test_confirming_a_password_is_limited_per_session(world: World) -> None:
    """A stolen session has ten guesses. Other sessions can still change the password, whatever unknown devices do."""
    await guess_until_limited(world)
    granted = await world.open_session()
    session = await world.stored(granted.refresh_token)
    change = world.password_change.change
    for _ in range(10):
        with pytest.raises(InvalidCredentials):
            await change(ALICE.subject, session.session_id, current="wrong", new="new password", requester=REQUESTER)
    with pytest.raises(TooManyAttempts):
        await change(ALICE.subject, session.session_id, current=PASSWORD, new="new password", requester=REQUESTER)
    other = await world.stored((await world.open_session()).refresh_token)
    await change(ALICE.subject, other.session_id, current=PASSWORD, new="new password", requester=REQUESTER)


async def test_without_the_store_no_password_is_verified(world: World) -> None:
    """If the store of the rate limits does not answer, no password is hashed."""
    world.rate_limits.take = lambda *_, **__: unavailable()  # type: ignore[method-assign,assignment]  # it does not answer
    with pytest.raises(StoreUnavailable):
        await sign_in(world)
    assert world.hasher.verifications == 0


@pytest.mark.proof("login")
async def test_parallel_guesses_are_limited_too(world: World, proof: Proof) -> None:
    """Of parallel guesses as many are verified as of sequential ones. Some find no place."""
    guesses = proof.count("parallel guesses", small=50, full=2_000)
    done = await asyncio.gather(*(sign_in(world, "wrong") for _ in range(guesses)), return_exceptions=True)
    assert sum(isinstance(each, InvalidCredentials) for each in done) == 10
    assert sum(isinstance(each, TooManyAttempts | HashingOverloaded) for each in done) == guesses - 10
