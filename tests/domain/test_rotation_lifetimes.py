"""How long what a rotation gives lives."""

import pytest

from app.domain.sessions.policy import SessionPolicy
from app.testing.system import NOW
from app.testing.world import World

WEEK = 604_800
HOUR = 3_600


@pytest.fixture
async def idling() -> World:
    """Return the services with an idle limit of an hour and a lifetime of three."""
    return await World.create(session_policy=SessionPolicy(lifetime=3 * HOUR, idle_lifetime=HOUR))


async def test_the_absolute_expiry_is_never_extended(world: World) -> None:
    """A rotation or replay leaves the session's end where the login put it, and says what is left."""
    token = (await world.open_session()).refresh_token
    world.clock.advance(1000)
    rotated = await world.refresh(token)
    world.clock.advance(20)
    replayed = await world.refresh(token)
    assert (rotated.refresh_token_expires_in, replayed.refresh_token_expires_in) == (WEEK - 1000, WEEK - 1020)
    session = await world.stored(token)
    assert (session.expires_at, session.idle_expires_at) == (NOW + WEEK, None)


async def test_a_rotation_moves_the_idle_expiry(idling: World) -> None:
    """Each rotation gives another hour, and the absolute expiry ends that: what is told is the earlier of the two."""
    token = (await idling.open_session()).refresh_token
    told = []
    for _ in range(3):
        idling.clock.advance(50 * 60)
        granted = await idling.refresh(token)
        token = granted.refresh_token
        assert (await idling.stored(token)).idle_expires_at == idling.clock.now() + HOUR
        told.append(granted.refresh_token_expires_in)
    assert told == [HOUR, HOUR, 30 * 60]


async def test_a_replay_does_not_move_the_idle_expiry(idling: World) -> None:
    """A replay tells what the rotation left of the hour."""
    token = (await idling.open_session()).refresh_token
    await idling.refresh(token)
    before = await idling.stored(token)
    idling.clock.advance(10)
    assert (await idling.refresh(token)).refresh_token_expires_in == HOUR - 10
    assert await idling.stored(token) == before


@pytest.mark.parametrize("left", [1.0, 10.0, 10.7, 899.9])
async def test_an_access_token_ends_with_its_session(world: World, left: float) -> None:
    """Just before the session's end a rotation, and a replay too, gives an access token for what is left."""
    token = (await world.open_session()).refresh_token
    world.clock.advance(WEEK - left)
    for granted in [await world.refresh(token), await world.refresh(token)]:
        assert granted.expires_in == granted.refresh_token_expires_in == int(left)
        assert NOW + WEEK - 2 < world.claims(granted).expires_at <= NOW + WEEK


async def test_a_narrow_idle_limit_bounds_the_access_token() -> None:
    """An access token does not outlive the idle expiry that its rotation set, nor does a replay's."""
    world = await World.create(session_policy=SessionPolicy(idle_lifetime=60))
    token = (await world.open_session()).refresh_token
    for left in (60, 50):
        granted = await world.refresh(token)
        assert granted.expires_in == granted.refresh_token_expires_in == left
        assert world.claims(granted).expires_at == NOW + 60
        world.clock.advance(10)


async def test_a_rotation_tells_when_the_user_signed_in(world: World) -> None:
    """``auth_time`` stays the login's, ``iat`` is the rotation's."""
    token = (await world.open_session()).refresh_token
    world.clock.advance(5000)
    claims = world.claims(await world.refresh(token))
    assert (claims.auth_time, claims.issued_at) == (NOW, NOW + 5000)
