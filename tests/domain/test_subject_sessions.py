"""The sessions of one subject."""

from collections.abc import Awaitable, Callable, Sequence

import pytest

from app.domain.audit.events import SessionWasRevoked
from app.domain.errors import StoreUnavailable
from app.domain.identifiers import Subject
from app.domain.sessions.errors import InvalidGrant, SessionNotFound
from app.domain.sessions.ratchet import parse
from app.domain.sessions.session import RevocationReason, Session
from app.domain.tokens.errors import SessionRevoked
from app.testing.builders import ALICE, BOB, refresh_token
from app.testing.faults import unavailable
from app.testing.world import World


@pytest.fixture
async def world() -> World:
    """Return a world with the users Alice and Bob."""
    world = await World.create()
    await world.users.add(BOB)
    return world


async def listed(world: World, subject: Subject = ALICE.subject) -> Sequence[Session]:
    """Return all live sessions of a subject."""
    return (await world.subject_sessions.list_sessions(subject, limit=9)).sessions


async def test_sessions_are_listed_in_pages(world: World) -> None:
    """Each page is after the last session of the page before, and the last page has no next one."""
    opened = [await world.stored((await world.open_session()).refresh_token) for _ in range(3)]
    first = await world.subject_sessions.list_sessions(ALICE.subject, limit=2)
    assert (first.sessions, first.next) == (opened[:2], opened[1].position())
    second = await world.subject_sessions.list_sessions(ALICE.subject, limit=2, after=first.next)
    assert (second.sessions, second.next) == (opened[2:], None)
    assert (await world.subject_sessions.list_sessions(ALICE.subject, limit=3)).next is None


async def test_live_sessions_are_listed_oldest_first(world: World) -> None:
    """The list has the subject's live sessions: none of another subject, none revoked, none expired."""
    expired = await world.stored((await world.open_session()).refresh_token)
    world.clock.time = expired.expires_at - 10
    first, second, ended = [await world.stored((await world.open_session()).refresh_token) for _ in range(3)]
    await world.open_session(BOB)
    await world.subject_sessions.end(ALICE.subject, ended.session_id)
    assert await listed(world) == [expired, first, second]
    world.clock.advance(10)
    assert await listed(world) == [first, second]


async def test_a_subject_without_sessions_gets_an_empty_list(world: World) -> None:
    """The list of an unknown subject is empty."""
    await world.open_session()
    assert await listed(world, Subject("nobody")) == []


async def test_end_revokes_one_session(world: World) -> None:
    """The refresh and access tokens of the session stop working; the other sessions stay live."""
    kept, ended = await world.open_session(), await world.open_session()
    session = await world.stored(ended.refresh_token)
    await world.subject_sessions.end(ALICE.subject, session.session_id)
    assert (await world.stored(ended.refresh_token)).revoked_because is RevocationReason.ENDED_BY_USER
    assert world.audit.kinds() == [SessionWasRevoked]
    with pytest.raises(InvalidGrant):
        await world.refresh(ended.refresh_token)
    with pytest.raises(SessionRevoked):
        world.validation.validate(ended.access_token)
    assert world.validation.validate(kept.access_token)
    assert await world.refresh(kept.refresh_token)


async def of_bob(world: World) -> Session:
    """Return a session of Bob."""
    return await world.stored((await world.open_session(BOB)).refresh_token)


async def ended(world: World) -> Session:
    """Return a session that Alice has ended."""
    session = await world.stored((await world.open_session()).refresh_token)
    await world.subject_sessions.end(ALICE.subject, session.session_id)
    return session


async def expired(world: World) -> Session:
    """Return an expired session of Alice."""
    session = await world.stored((await world.open_session()).refresh_token)
    world.clock.time = session.expires_at
    return session


@pytest.mark.parametrize("which", [of_bob, ended, expired])
async def test_only_an_own_live_session_is_found(world: World, which: Callable[[World], Awaitable[Session]]) -> None:
    """A session of another subject, a revoked and an expired session are not found, and stay as they are."""
    session = await which(world)
    before = await world.sessions.find(session.session_id)
    world.sessions.writes.clear()
    with pytest.raises(SessionNotFound):
        await world.subject_sessions.end(ALICE.subject, session.session_id)
    assert await world.sessions.find(session.session_id) == before
    assert world.sessions.writes == []


async def test_an_unknown_session_is_not_found(world: World) -> None:
    """An id that no session has is not found."""
    with pytest.raises(SessionNotFound):
        await world.subject_sessions.end(ALICE.subject, refresh_token(session=9).session_id)


async def test_end_all_revokes_every_session_of_the_subject(world: World) -> None:
    """Each revocation is recorded; the sessions of other subjects stay live."""
    mine = [await world.open_session() for _ in range(3)]
    others = await world.open_session(BOB)
    await world.subject_sessions.end_all(ALICE.subject, current=parse(mine[0].refresh_token).session_id)
    assert await listed(world) == []
    assert world.audit.kinds() == [SessionWasRevoked] * 3
    for granted in mine:
        with pytest.raises(SessionRevoked):
            world.validation.validate(granted.access_token)
    assert await world.refresh(others.refresh_token)


async def test_a_failed_end_all_can_be_repeated(world: World) -> None:
    """If the store fails midway, the current session is still live, so the user can repeat the request."""
    current, *_ = [parse((await world.open_session()).refresh_token).session_id for _ in range(3)]
    world.sessions.once("before revoke", unavailable)
    with pytest.raises(StoreUnavailable):
        await world.subject_sessions.end_all(ALICE.subject, current=current)
    assert current in [each.session_id for each in await listed(world)]
    await world.subject_sessions.end_all(ALICE.subject, current=current)
    assert await listed(world) == []


async def test_the_current_session_ends_last(world: World) -> None:
    """The others are revoked first, the newest of them before the older ones."""
    opened = [parse((await world.open_session()).refresh_token).session_id for _ in range(3)]
    await world.subject_sessions.end_all(ALICE.subject, current=opened[1])
    ended = [event.session_id for event in world.audit.events if isinstance(event, SessionWasRevoked)]
    assert ended == [opened[2], opened[0], opened[1]]
