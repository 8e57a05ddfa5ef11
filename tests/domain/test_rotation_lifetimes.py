"""The lifetimes of the tokens that a rotation issues."""

import pytest

from app.domain.sessions.session import SessionPolicy
from app.testing.system import NOW
from app.testing.world import World

WEEK = 604_800
HOUR = 3_600


@pytest.fixture
async def idle_world() -> World:
    """Return a world with an idle limit of one hour and a lifetime of three."""
    return await World.create(session_policy=SessionPolicy(lifetime=3 * HOUR, idle_lifetime=HOUR))


async def test_the_absolute_expiry_is_never_extended(world: World) -> None:
    """A rotation or replay keeps the expiry that the login set, and reports the time that is left."""
    token = (await world.open_session()).refresh_token
    world.clock.advance(1000)
    rotated = await world.refresh(token)
    world.clock.advance(20)
    replayed = await world.refresh(token)
    assert (rotated.refresh_token_expires_in, replayed.refresh_token_expires_in) == (WEEK - 1000, WEEK - 1020)
    session = await world.stored(token)
    assert (session.expires_at, session.idle_expires_at) == (NOW + WEEK, None)


async def test_a_rotation_moves_the_idle_expiry(idle_world: World) -> None:
    """Each rotation gives another hour; the reported lifetime is that of the earlier expiry."""
    token = (await idle_world.open_session()).refresh_token
    reported = []
    for _ in range(3):
        idle_world.clock.advance(50 * 60)
        granted = await idle_world.refresh(token)
        token = granted.refresh_token
        assert (await idle_world.stored(token)).idle_expires_at == idle_world.clock.now() + HOUR
        reported.append(granted.refresh_token_expires_in)
    assert reported == [HOUR, HOUR, 30 * 60]


async def test_a_replay_does_not_move_the_idle_expiry(idle_world: World) -> None:
    """A replay reports what is left of the hour since the rotation."""
    token = (await idle_world.open_session()).refresh_token
    await idle_world.refresh(token)
    before = await idle_world.stored(token)
    idle_world.clock.advance(10)
    assert (await idle_world.refresh(token)).refresh_token_expires_in == HOUR - 10
    assert await idle_world.stored(token) == before


@pytest.mark.parametrize("left", [1.0, 10.0, 10.7, 899.9])
async def test_an_access_token_ends_with_its_session(world: World, left: float) -> None:
    """Just before the session expires, a rotation or replay issues an access token for the time that is left."""
    token = (await world.open_session()).refresh_token
    world.clock.advance(WEEK - left)
    for granted in [await world.refresh(token), await world.refresh(token)]:
        assert granted.expires_in == granted.refresh_token_expires_in == int(left)
        assert NOW + WEEK - 2 < world.claims(granted).expires_at <= NOW + WEEK


async def test_a_narrow_idle_limit_bounds_the_access_token() -> None:
    """The access token of a rotation or replay does not outlive the idle expiry that the rotation set."""
    world = await World.create(session_policy=SessionPolicy(idle_lifetime=60))
    token = (await world.open_session()).refresh_token
    for left in (60, 50):
        granted = await world.refresh(token)
        assert granted.expires_in == granted.refresh_token_expires_in == left
        assert world.claims(granted).expires_at == NOW + 60
        world.clock.advance(10)


async def test_auth_time_is_the_time_of_the_login(world: World) -> None:
    """A rotation keeps ``auth_time``, and sets ``iat``."""
    token = (await world.open_session()).refresh_token
    world.clock.advance(5000)
    claims = world.claims(await world.refresh(token))
    assert (claims.auth_time, claims.issued_at) == (NOW, NOW + 5000)
