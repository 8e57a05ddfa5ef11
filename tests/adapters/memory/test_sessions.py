"""Sessions in memory: what is special to this adapter."""

from collections.abc import Sized

import pytest

from app.adapters.memory.sessions import MemorySessionRepository
from app.contracts.sessions import IDLE_LIFETIME, LATER, NOW, advance, live_sessions, new_session, rotated, sweep
from app.domain.identifiers import SessionId
from app.domain.sessions.session import RevocationReason, Session


@pytest.fixture
def sessions() -> MemorySessionRepository:
    """Return an empty repository."""
    return MemorySessionRepository()


def entries(structure: object) -> int:
    """Return how many entries a collection has, or all collections inside an object together."""
    if structure is None or isinstance(structure, int):
        return 0
    return len(structure) if isinstance(structure, Sized) else sum(map(entries, vars(structure).values()))


async def rotate(sessions: MemorySessionRepository, session: Session, *, times: int, now: float) -> None:
    """Rotate ``session``, which has not rotated yet, several times at one moment."""
    for _ in range(times):
        assert await advance(sessions, session, now=now)
        session = rotated(session, now=now)


async def test_nothing_is_left_of_sessions_that_ended(sessions: MemorySessionRepository) -> None:
    """After a sweep nothing is left of ended sessions, whether they rotated, were revoked or neither."""
    for number in range(30):
        await sessions.add(new_session(number, subject=f"subject-{number % 7}"))
        await rotate(sessions, new_session(number), times=number % 5, now=LATER)
        if number % 2:
            await sessions.revoke(_id(number), reason=RevocationReason.LOGOUT, now=LATER)
    await sessions.set_cut_off(int(NOW) - 1)
    assert entries(sessions) > 90
    await sessions.revoke_cut_off(limit=1_000)
    await sessions.erase_replaced(rotated_before=LATER + 1, limit=1_000)
    assert await sweep(sessions, expired_before=LATER + IDLE_LIFETIME + 1, revoked_before=LATER + 1) == 30
    assert entries(sessions) == 0


async def test_memory_does_not_grow_with_rotations(sessions: MemorySessionRepository) -> None:
    """A session that rotates all day, with sweeps in between, takes no more memory than after a few rotations."""
    await sessions.add(new_session(idle_expires_at=None, expires_at=NOW + 10**6))
    session = new_session(idle_expires_at=None, expires_at=NOW + 10**6)
    sizes = []
    for step in range(500):
        assert await advance(sessions, session, now=NOW + step)
        session = rotated(session, now=NOW + step)
        await sessions.erase_replaced(rotated_before=NOW + step - 30, limit=1_000)
        await sessions.delete_ended(expired_before=NOW + step, revoked_before=NOW + step, limit=1_000)
        sizes.append(entries(sessions))
    assert max(sizes) == sizes[-1] == sizes[100]


@pytest.mark.parametrize("jump", [3_600.0, 10.0**9], ids=["an hour", "thirty years"])
async def test_replaced_secrets_are_erased_after_a_clock_was_ahead(
    sessions: MemorySessionRepository, jump: float
) -> None:
    """After a clock was ahead for a moment, what later rotations replaced is erased in time."""
    far = {"expires_at": NOW + 2 * jump, "idle_expires_at": None}
    for number in range(100):
        await sessions.add(new_session(number, **far))
    unused = entries(sessions)
    assert await advance(sessions, new_session(0, **far), now=NOW + jump)
    for number in range(1, 100):
        await rotate(sessions, new_session(number, **far), times=5, now=NOW + number)
        await sessions.erase_replaced(rotated_before=NOW + number - 30, limit=1_000)
    with_replaced = [number for number in range(100) if (await _found(sessions, number)).replaced]
    assert with_replaced == [0, *range(69, 100)]
    assert entries(sessions) <= unused + 5 * len(with_replaced)


async def test_replaced_secrets_are_erased_of_a_session_whose_clock_was_ahead(
    sessions: MemorySessionRepository,
) -> None:
    """A session that rotated an hour ahead, and then at the right time, loses what it replaced at the right time."""
    session = new_session(expires_at=NOW + 9_000, idle_expires_at=None)
    await sessions.add(session)
    for now in (NOW + 3_600, NOW + 1):
        assert await advance(sessions, session, now=now, idle_expires_at=None)
        session = rotated(session, now=now, idle_expires_at=None)
    assert await sessions.erase_replaced(rotated_before=NOW + 2, limit=1_000) == 1
    assert not (await _found(sessions, 1)).replaced


async def test_a_session_has_one_place_in_the_queue_of_rotations(sessions: MemorySessionRepository) -> None:
    """32 rotations between two sweeps take no more places than one: each kept secret takes only its 72 bytes."""
    for number in (1, 2):
        await sessions.add(new_session(number))
    await rotate(sessions, new_session(1), times=1, now=LATER)
    after_one = entries(sessions)
    await rotate(sessions, new_session(2), times=32, now=LATER)
    assert entries(sessions) == after_one + 1


async def test_a_session_survives_a_clock_that_is_set_back(sessions: MemorySessionRepository) -> None:
    """A session that rotated before the clock was set back is live afterwards, and rotates at a time before its
    creation.
    """
    await sessions.add(new_session())
    await rotate(sessions, new_session(), times=1, now=LATER)
    assert await advance(sessions, rotated(new_session()), now=NOW - 1_000)
    again = rotated(rotated(new_session()), now=NOW - 1_000)
    assert await live_sessions(sessions, now=NOW - 1_000) == [again]


def _id(number: int) -> SessionId:
    return new_session(number).session_id


async def _found(sessions: MemorySessionRepository, number: int) -> Session:
    session = await sessions.find(_id(number))
    assert session is not None
    return session
