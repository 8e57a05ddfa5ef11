"""Throttled sign-in: who is slowed down, and who never is."""

import asyncio
from dataclasses import replace
from itertools import count

import pytest

from app.domain.audit.events import LoginFailed
from app.domain.errors import StoreUnavailable, TooManyAttempts
from app.domain.identifiers import FIRST_PARTY
from app.domain.login.authentication import LoginResult
from app.domain.login.errors import HashingOverloaded, InvalidCredentials
from app.domain.network import network_of
from app.domain.rate_limits.local import LocalRateLimit
from app.domain.rate_limits.rate_limit import RateLimit
from app.domain.requester import Requester
from app.domain.sessions import ratchet
from app.domain.sessions.errors import InvalidGrant
from app.testing.builders import ALICE, PASSWORD, RATE_LIMITS, refresh_token
from app.testing.faults import unavailable
from app.testing.system import NOW
from app.testing.world import REQUESTER, World
from tests.conftest import Proof

MAX_UNKNOWN = "198.51.100.{}"


async def sign_in(
    world: World,
    password: str = PASSWORD,
    *,
    username: str = "alice",
    address: str = REQUESTER.address,
    device: str | None = None,
) -> LoginResult:
    """Sign in from an address."""
    return await world.authentication.sign_in(
        username,
        password,
        client_id=FIRST_PARTY,
        requested=None,
        requester=Requester(address=address),
        device_token=device,
    )


async def guess_until_throttled(world: World, *, device: str | None = None, new_address: bool = True, **of: str) -> int:
    """Guess wrong, each time from another address, until a guess is refused; return how many were not."""
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
async def test_an_account_takes_at_most_a_hundred_failures(world: World, username: str) -> None:
    """From however many addresses; then the next is two hours away (NIST SP 800-63B §3.2.2), whether or not somebody
    has that name, and no password is hashed for it.
    """
    assert await guess_until_throttled(world, username=username) == 40
    with pytest.raises(TooManyAttempts) as refused:
        await sign_in(world, username=username)
    assert refused.value.retry_after == 7_200
    assert world.hasher.verifications == 40


@pytest.mark.parametrize("pause", [0, 600, 1_800, 3_000, 3_599])
async def test_patience_gives_no_more_than_a_hundred(world: World, pause: int) -> None:
    """Whoever guesses more often than once an hour, from new addresses and with a stolen device token, has at most a
    hundred failures before either makes them wait.
    """
    unthrottled = {None, (await sign_in(world)).device_token}
    failures = 0
    for number in count():
        for shown in list(unthrottled):
            try:
                await sign_in(world, "wrong", address=f"10.{number >> 8}.{number & 255}.1", device=shown)
            except TooManyAttempts:
                unthrottled.remove(shown)
            except InvalidCredentials:
                failures += 1
        if not unthrottled:
            break
        world.clock.advance(pause)
    assert failures <= 100


async def test_the_owner_gets_in_from_a_known_device(world: World) -> None:
    """While strangers have used up their budget; and that success makes theirs whole, as every success does."""
    device = (await sign_in(world)).device_token
    await guess_until_throttled(world)
    with pytest.raises(TooManyAttempts):
        await sign_in(world)
    assert (await sign_in(world, device=device)).device_token
    await sign_in(world)


async def test_a_stolen_device_token_gives_ten_guesses(world: World) -> None:
    """Its budget is its own and small: with the strangers' there are fifty failures."""
    device = (await sign_in(world)).device_token
    assert await guess_until_throttled(world, device=device) == 10
    assert await guess_until_throttled(world) == 40


async def test_one_network_has_few_guesses_at_one_account(world: World) -> None:
    """And the account many left, for its owner elsewhere."""
    assert await guess_until_throttled(world, new_address=False) == 10
    await sign_in(world, address=MAX_UNKNOWN.format(1))


async def test_one_network_has_few_guesses_at_all_accounts(world: World) -> None:
    """Trying one password with many names ends soon; others go on."""
    for number in range(100):
        with pytest.raises(InvalidCredentials):
            await sign_in(world, username=f"name-{number}")
    with pytest.raises(TooManyAttempts):
        await sign_in(world, username="name-100")
    await sign_in(world, address=MAX_UNKNOWN.format(1))


async def test_everyone_together_has_a_budget() -> None:
    """Beyond it strangers wait; a known device does not."""
    world = await World.create(rate_limit_policy=replace(RATE_LIMITS, everyone=RateLimit(5, 50)))
    device = (await sign_in(world)).device_token
    for number in range(5):
        with pytest.raises(InvalidCredentials):
            await sign_in(world, username=f"name-{number}", address=MAX_UNKNOWN.format(number))
    with pytest.raises(TooManyAttempts) as refused:
        await sign_in(world, address=MAX_UNKNOWN.format(99))
    assert refused.value.retry_after == 10
    await sign_in(world, address=MAX_UNKNOWN.format(99), device=device)


async def test_many_people_behind_one_address_are_in_nobodys_way(world: World) -> None:
    """Success costs the network nothing, however often; so of 300 sign-ins none is refused."""
    for number in range(300):
        await sign_in(world)
        world.clock.advance(number % 2)


async def test_waiting_helps_as_long_as_it_says(world: World) -> None:
    """After ``retry_after`` seconds there is an attempt again, and a moment earlier there is none."""
    await guess_until_throttled(world, new_address=False)
    with pytest.raises(TooManyAttempts) as refused:
        await sign_in(world)
    world.clock.advance(refused.value.retry_after - 0.5)
    with pytest.raises(TooManyAttempts) as again:
        await sign_in(world)
    assert again.value.retry_after == 1
    world.clock.advance(0.5)
    await sign_in(world)


async def test_the_longest_wait_counts(world: World) -> None:
    """Of several budgets that are used up: of the account's, two hours, and the network's, six seconds."""
    for number in range(100):
        with pytest.raises(InvalidCredentials):
            await sign_in(world, username=f"name-{number}")
    with pytest.raises(TooManyAttempts) as of_network:
        await sign_in(world)
    assert of_network.value.retry_after == 6
    await guess_until_throttled(world)
    with pytest.raises(TooManyAttempts) as of_both:
        await sign_in(world)
    assert of_both.value.retry_after == 7_200


async def test_a_refusal_costs_nothing(world: World) -> None:
    """Whoever goes on at an account that is used up uses up neither their network nor everyone's budget."""
    await guess_until_throttled(world, new_address=False)
    for _ in range(200):
        with pytest.raises(TooManyAttempts):
            await sign_in(world)
    for number in range(90):
        with pytest.raises(InvalidCredentials):
            await sign_in(world, username=f"name-{number}")
    with pytest.raises(TooManyAttempts):
        await sign_in(world, username="name-90")


async def test_what_was_not_hashed_was_no_attempt(world: World) -> None:
    """A full queue refuses people, and costs them nothing."""

    async def full(*_: object, **__: object) -> bool:
        raise HashingOverloaded

    verify, world.hasher.verify = world.hasher.verify, full  # type: ignore[method-assign]  # for a while
    for _ in range(200):
        with pytest.raises(HashingOverloaded):
            await sign_in(world, "wrong")
    world.hasher.verify = verify  # type: ignore[method-assign]
    assert await guess_until_throttled(world, new_address=False) == 10


async def test_composed_names_share_a_budget(world: World) -> None:
    """A name that is typed in another form of Unicode is the same account."""
    for number in range(10):
        with pytest.raises(InvalidCredentials):
            await sign_in(world, "wrong", username="zo\u00eb" if number % 2 else "zoe\u0308")
    with pytest.raises(TooManyAttempts):
        await sign_in(world, "wrong", username="zo\u00eb")


async def test_a_refusal_is_in_the_audit_trail(world: World) -> None:
    """With its own reason."""
    await guess_until_throttled(world, new_address=False)
    last = world.audit.events[-1]
    assert isinstance(last, LoginFailed)
    assert (last.reason, last.subject) == ("too_many_attempts", ALICE.subject)


async def test_a_password_is_confirmed_as_rarely(world: World) -> None:
    """A stolen session does not give endless guesses, nor do strangers keep the owner from changing the password."""
    await guess_until_throttled(world)
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


async def test_without_the_store_nobody_guesses(world: World) -> None:
    """Where budgets cannot be asked, no password is hashed."""
    world.rate_limits.take = lambda *_, **__: unavailable()  # type: ignore[method-assign,assignment]  # it is away
    with pytest.raises(StoreUnavailable):
        await sign_in(world)
    assert world.hasher.verifications == 0


async def test_a_throttled_refresh_uses_up_no_token() -> None:
    """A good token beyond the budget of its session waits and is good then; other sessions do not wait."""
    world = await World.create(rate_limit_policy=replace(RATE_LIMITS, refresh=RateLimit(3, 30)))
    one, other = await world.open_session(), await world.open_session()
    token = (await world.refresh_times(3, one))[-1]
    with pytest.raises(TooManyAttempts) as refused:
        await world.refresh(token)
    assert refused.value.retry_after == 10
    await world.refresh(other.refresh_token)
    world.clock.advance(10)
    await world.refresh(token)


async def test_a_dead_grant_stays_a_dead_grant() -> None:
    """However often it is presented, the answer is that it is invalid."""
    world = await World.create(rate_limit_policy=replace(RATE_LIMITS, refresh=RateLimit(1, 1_000)))
    granted = await world.open_session()
    await world.refresh(granted.refresh_token)
    await world.revocation.log_out_with_refresh_token(granted.refresh_token, client_id=FIRST_PARTY)
    for token in [granted.refresh_token, ratchet.encode(refresh_token()), "nonsense"]:
        for _ in range(50):
            with pytest.raises(InvalidGrant):
                await world.refresh(token)


def test_a_local_limit_counts_each_key_separately() -> None:
    """A key that has used up its attempts is refused until one comes back; other keys are not."""
    limit = LocalRateLimit(RateLimit(3, 30))
    for _ in range(3):
        limit.take("one", NOW)
    with pytest.raises(TooManyAttempts) as refused:
        limit.take("one", NOW + 1)
    assert refused.value.retry_after == 9
    limit.take("other", NOW)
    limit.take("one", NOW + 10)


@pytest.mark.proof("login")
async def test_parallel_guesses_are_counted_too(world: World, proof: Proof) -> None:
    """Of guesses at once as many are looked at as of guesses in turn; some find no place."""
    guesses = proof.count("parallel guesses", small=50, full=2_000)
    done = await asyncio.gather(*(sign_in(world, "wrong") for _ in range(guesses)), return_exceptions=True)
    assert sum(isinstance(each, InvalidCredentials) for each in done) == 10
    assert sum(isinstance(each, TooManyAttempts | HashingOverloaded) for each in done) == guesses - 10


@pytest.mark.parametrize(
    ("address", "network"),
    [
        ("192.0.2.1", "192.0.2.1"),
        ("::ffff:192.0.2.1", "192.0.2.1"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("fe80::1%eth0", "fe80::/64"),
        ("", ""),
        ("@socket", "@socket"),
    ],
)
def test_the_network_of_an_address(address: str, network: str) -> None:
    """IPv4 addresses one by one, mapped ones among them, IPv6 by the 64 bits that a customer gets."""
    assert network_of(address) == network
