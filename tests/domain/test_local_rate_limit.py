"""Rate limits that one instance enforces by itself."""

import pytest

from app.domain.errors import TooManyAttempts
from app.domain.identifiers import FIRST_PARTY
from app.domain.rate_limits.rate_limit import LocalRateLimit, RateLimit
from app.domain.sessions import ratchet
from app.domain.sessions.errors import InvalidGrant
from app.testing.builders import refresh_token
from app.testing.system import NOW
from app.testing.world import World

THREE = RateLimit(3, 30)


def test_each_key_is_counted_separately() -> None:
    """A key without attempts left is refused until one comes back; other keys are not."""
    limit = LocalRateLimit(THREE)
    for _ in range(3):
        limit.take("one", NOW)
    with pytest.raises(TooManyAttempts) as refused:
        limit.take("one", NOW + 1)
    assert refused.value.retry_after == 9
    limit.take("other", NOW)
    limit.take("one", NOW + 10)


def test_an_attempt_that_is_given_back_can_be_taken() -> None:
    """Giving back never makes a limit larger than it is."""
    limit = LocalRateLimit(THREE)
    for _ in range(3):
        limit.take("one", NOW)
    limit.give_back("one", NOW)
    limit.take("one", NOW)
    for _ in range(9):
        limit.give_back("one", NOW)
    for _ in range(3):
        limit.take("one", NOW)
    with pytest.raises(TooManyAttempts):
        limit.take("one", NOW)


def test_memory_is_bounded_and_used_up_keys_stay() -> None:
    """With ever new keys, a key that has used up its attempts is not forgotten."""
    limit = LocalRateLimit(THREE, max_keys=20)
    for _ in range(3):
        limit.take("used", NOW)
    for number in range(500):
        limit.take(str(number), NOW)
    assert len(limit._full_at) <= 20
    with pytest.raises(TooManyAttempts):
        limit.take("used", NOW)


async def test_a_refused_refresh_uses_up_no_token() -> None:
    """A token beyond the limit of its session is valid again after the wait; other sessions need not wait."""
    world = await World.create()
    world.refresh_limit = LocalRateLimit(THREE)
    one, other = await world.open_session(), await world.open_session()
    token = (await world.refresh_times(3, one))[-1]
    with pytest.raises(TooManyAttempts) as refused:
        await world.refresh(token)
    assert refused.value.retry_after == 10
    await world.refresh(other.refresh_token)
    world.clock.advance(10)
    await world.refresh(token)


async def test_an_invalid_grant_is_not_rate_limited() -> None:
    """An invalid token gets ``InvalidGrant``, however often it is presented, and never ``TooManyAttempts``."""
    world = await World.create()
    world.refresh_limit = LocalRateLimit(RateLimit(1, 1_000))
    granted = await world.open_session()
    await world.refresh(granted.refresh_token)
    await world.revocation.log_out_with_refresh_token(granted.refresh_token, client_id=FIRST_PARTY)
    for token in [granted.refresh_token, ratchet.encode(refresh_token()), "nonsense"]:
        for _ in range(50):
            with pytest.raises(InvalidGrant):
                await world.refresh(token)
