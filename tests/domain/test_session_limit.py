"""The limit on the live sessions of one user."""

import pytest

from app.domain.audit.events import SessionWasRevoked
from app.domain.sessions.issuing import IssuedTokens
from app.domain.sessions.session import RevocationReason, Session, SessionPolicy
from app.domain.tokens.errors import SessionRevoked
from app.testing.builders import ALICE, BOB
from app.testing.faults import unavailable
from app.testing.world import World

LIMIT = 3


@pytest.fixture
async def world() -> World:
    """Return a world in which a user has at most three sessions."""
    world = await World.create(session_policy=SessionPolicy(max_sessions=LIMIT))
    await world.users.add(BOB)
    return world


async def open_sessions(world: World, number: int) -> list[IssuedTokens]:
    """Open a session of Alice each second."""
    opened = []
    for _ in range(number):
        opened.append(await world.open_session())
        world.clock.advance(1)
    return opened


async def live(world: World) -> list[Session]:
    """Return Alice's live sessions."""
    return list(await world.sessions.list_live_sessions(ALICE.subject, now=world.clock.time, limit=1_000))


async def test_a_sign_in_beyond_the_limit_ends_the_session_unused_for_longest(world: World) -> None:
    """The session with the oldest rotation ends, not the one with the oldest sign-in."""
    first, second, third = await open_sessions(world, LIMIT)
    await world.refresh(first.refresh_token)
    others = await world.open_session(BOB)
    fourth = await world.open_session()
    assert [each.session_id for each in await live(world)] == [first.session_id, third.session_id, fourth.session_id]
    assert (await world.stored(second.refresh_token)).revoked_because is RevocationReason.TOO_MANY_SESSIONS
    with pytest.raises(SessionRevoked):
        world.validation.validate(second.access_token)
    assert world.validation.validate(others.access_token)


async def test_up_to_the_limit_no_session_ends(world: World) -> None:
    """The sessions of a user up to the limit stay live."""
    opened = await open_sessions(world, LIMIT)
    assert [each.session_id for each in await live(world)] == [each.session_id for each in opened]


async def test_a_new_session_never_ends_itself(world: World) -> None:
    """Even if the clock of the instance is behind, so that the new session looks like the oldest."""
    await open_sessions(world, LIMIT)
    world.clock.advance(-1_000)
    issued = await world.open_session()
    assert issued.session_id in [each.session_id for each in await live(world)]


async def test_a_sign_in_succeeds_although_the_limit_cannot_be_enforced(world: World) -> None:
    """The session is stored by then. The next sign-in ends what is too much."""
    await open_sessions(world, LIMIT)
    world.sessions.once("before revoke", unavailable)
    assert await world.open_session()
    assert len(await live(world)) == LIMIT + 1
    assert await world.open_session()
    assert len(await live(world)) == LIMIT


async def test_the_sweep_brings_users_of_an_earlier_version_under_the_limit() -> None:
    """The sessions that were not refreshed for the longest time end; users below the limit keep theirs."""
    world = await World.create()
    await world.users.add(BOB)
    opened = await open_sessions(world, 10)
    others = await world.open_session(BOB)
    world.session_policy = SessionPolicy(max_sessions=LIMIT)
    world.restart()
    await world.keys.load()
    await world.retention.sweep()
    assert [each.session_id for each in await live(world)] == [each.session_id for each in opened[-LIMIT:]]
    assert world.audit.kinds() == [SessionWasRevoked] * 7
    assert await world.refresh(others.refresh_token)


async def test_the_sweep_reads_the_users_once(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """After a start every user is looked at once; afterwards each sign-in enforces the limit."""
    await world.retention.sweep()

    async def fail(*_: object, **__: object) -> object:
        raise AssertionError

    monkeypatch.setattr(world.sessions, "list_crowded_subjects", fail)
    await world.retention.sweep()
