"""The behaviour of a session repository: its lists, and what one connection sees of the changes of another."""

from collections.abc import Sequence
from itertools import count

import pytest

from ..domain.identifiers import Subject
from ..domain.sessions.session import LAST_SECOND, RevocationReason, Session
from ..domain.tokens.revoked_session import RevokedSession
from ..ports.session_repository import SessionRepository
from .kit import RepositoryContract
from .sentences import only_errors_of_the_port
from .sessions import (
    ALL,
    IDLE_LIFETIME,
    LATER,
    LIFETIME,
    NOW,
    SUBJECT,
    TICK,
    advance,
    assert_same,
    began_at,
    live_sessions,
    new_session,
    revocations,
    revoke,
    rotated,
)

TIES = tuple(began_at(number, NOW - (7 - number) // 3) for number in (5, 2, 6, 1, 4, 3, 7))
"""Seven sessions, of which up to three were created at one time, in no order."""


class SessionLists(RepositoryContract[SessionRepository]):
    """The lists are as their docstrings say, and a read sees every acknowledged change."""

    async def test_live_sessions_are_listed_oldest_first(self, repository: SessionRepository) -> None:
        """The list is in the order of creation, not of insertion, id or rotation."""
        ages = {1: 20, 2: 40, 3: 10, 4: 30}
        opened = {number: new_session(number, created_at=NOW - age) for number, age in ages.items()}
        for session in opened.values():
            await repository.add(session)
        await advance(repository, opened[2])
        opened[2] = rotated(opened[2])
        live = await live_sessions(repository)
        assert live == [opened[2], opened[4], opened[1], opened[3]], "the list is not in the order of created_at"
        for found in live:
            assert_same(found, opened[int.from_bytes(found.session_id, "big")])

    async def test_sessions_of_one_time_are_listed_by_id(self, repository: SessionRepository) -> None:
        """The id decides between sessions that were created at the same time."""
        for session in TIES:
            await repository.add(session)
        in_order = sorted(TIES, key=Session.position)
        assert await live_sessions(repository) == in_order, "the list is not in the order of Session.position"

    @pytest.mark.parametrize("limit", [1, 2, 3, 7, 8])
    async def test_pages_together_have_every_session(self, repository: SessionRepository, limit: int) -> None:
        """Each page starts after the last session of the page before, also between sessions of one time."""
        for session in TIES:
            await repository.add(session)
        in_order = sorted(TIES, key=Session.position)
        expected = [in_order[first : first + limit] for first in range(0, len(TIES), limit)]
        pages = await _pages(repository, limit=limit)
        assert pages == expected, "the pages are not the list in parts of the limit"

    async def test_page_starts_after_a_position_whose_session_is_gone(self, repository: SessionRepository) -> None:
        """The position of a revoked session, and one that no session ever had, still divide the list."""
        for session in TIES:
            await repository.add(session)
        in_order = sorted(TIES, key=Session.position)
        await revoke(repository, in_order[2])
        page = await repository.list_live_sessions(SUBJECT, now=LATER, limit=2, after=in_order[2].position())
        assert list(page) == in_order[3:5], "the page after a revoked session is wrong"
        nobody = began_at(9, in_order[2].created_at - TICK).position()
        page = await repository.list_live_sessions(SUBJECT, now=LATER, limit=ALL, after=nobody)
        expected = [each for each in in_order if each.position() > nobody and each != in_order[2]]
        assert list(page) == expected, "the page after a position that no session has is wrong"

    async def test_page_is_full_although_ended_sessions_are_between(self, repository: SessionRepository) -> None:
        """A page is shorter than the limit only if no live session follows: ended sessions take no place on it."""
        opened = [began_at(number, NOW + number) for number in range(9)]
        for number, session in enumerate(opened):
            await repository.add(session)
            if number % 3:
                await revoke(repository, session)
        pages = await _pages(repository, limit=2)
        assert pages == [[opened[0], opened[3]], [opened[6]]], "ended sessions take places on the pages"

    async def test_live_sessions_are_of_the_subject(self, repository: SessionRepository) -> None:
        """Subjects are compared character by character. A subject without a session gets an empty list."""
        for number, subject in enumerate(("subject-1", "SUBJECT-1", "subject-1 ", "subject-10"), start=1):
            await repository.add(new_session(number, subject=Subject(subject)))
        assert await live_sessions(repository, Subject("subject-1")) == [new_session(1)], "another subject is listed"
        assert await live_sessions(repository, Subject("subject-2")) == [], "a subject without sessions has some"

    async def test_longest_subjects_are_told_apart(self, repository: SessionRepository) -> None:
        """Subjects of 255 characters that differ in the last one have different sessions."""
        subjects = [Subject("s" * 254 + last) for last in "ab"]
        opened = [new_session(number, subject=subject) for number, subject in enumerate(subjects)]
        for session in opened:
            with only_errors_of_the_port("sessions.add", "for a subject of 255 characters"):
                await repository.add(session)
        for session in opened:
            live = await live_sessions(repository, session.subject)
            assert live == [session], "sessions of two long subjects are listed as those of one, or not at all"

    async def test_ended_sessions_are_not_listed_as_live(self, repository: SessionRepository) -> None:
        """Revoked sessions are not listed, and no session is listed in the last second before it expires."""
        absolute, idle = new_session(1, idle_expires_at=None), new_session(2)
        for session in (absolute, idle, new_session(3)):
            await repository.add(session)
        await revoke(repository, new_session(3))
        last = -LAST_SECOND
        for now, expected in (
            (LATER, [absolute, idle]),
            (NOW + IDLE_LIFETIME + last, [absolute, idle]),
            (NOW + IDLE_LIFETIME + last + TICK, [absolute]),
            (NOW + LIFETIME + last, [absolute]),
            (NOW + LIFETIME + last + TICK, []),
        ):
            live = await live_sessions(repository, now=now)
            assert live == expected, f"the list is wrong {now - NOW} seconds after the sessions began"

    async def test_rotated_session_is_listed_until_its_new_idle_expiry(self, repository: SessionRepository) -> None:
        """A rotated session is listed until its new idle expiry."""
        await repository.add(new_session())
        await advance(repository, new_session())
        live = await live_sessions(repository, now=NOW + IDLE_LIFETIME)
        assert live == [rotated(new_session())], "the list uses the first idle expiry, which the rotation has moved"
        live = await live_sessions(repository, now=LATER + IDLE_LIFETIME)
        assert live == [], "the list has a session at its new idle expiry"

    async def test_revocations_are_listed_from_the_moment_on(self, repository: SessionRepository) -> None:
        """The moment itself is included. Live and expired sessions are not listed."""
        for number in range(5):
            await repository.add(new_session(number))
        for number in range(4):
            await revoke(repository, new_session(number), reason=RevocationReason.REUSE, now=LATER + number)
        every = [RevokedSession(new_session(number).session_id, LATER + number) for number in range(4)]
        for first in range(4):
            listed = _by_time(await revocations(repository, LATER + first))
            assert listed == every[first:], "list_revocations does not start at the moment itself"
        assert _by_time(await revocations(repository, 0.0)) == every, "not every revocation is listed"
        listed = await revocations(repository, LATER + 3 + TICK)
        assert listed == [], "a revocation before the moment is listed"

    async def test_revocations_are_listed_by_time_not_by_order_of_calls(self, repository: SessionRepository) -> None:
        """The given time decides, not the order of the calls, because clocks differ."""
        for number, at in ((1, LATER + 5), (2, LATER)):
            await repository.add(new_session(number))
            await revoke(repository, new_session(number), now=at)
        listed = await revocations(repository, LATER + 1)
        expected = [RevokedSession(new_session(1).session_id, LATER + 5)]
        assert listed == expected, "list_revocations judges by the order of the calls"

    async def test_revocations_of_one_time_are_all_listed(self, repository: SessionRepository) -> None:
        """All pages together have each session once, also if all were revoked at the same time."""
        sessions = [new_session(number) for number in range(5)]
        for session in sessions:
            await repository.add(session)
            await revoke(repository, session)
        listed = sorted(each.session_id for each in await revocations(repository))
        assert listed == sorted(each.session_id for each in sessions), "a revocation is missing or listed twice"

    async def test_second_revoke_does_not_change_the_list(self, repository: SessionRepository) -> None:
        """A session is listed once, with its first time."""
        await repository.add(new_session())
        for at in (LATER, LATER + 1):
            await revoke(repository, new_session(), now=at)
        listed = await revocations(repository, 0.0)
        assert listed == [RevokedSession(new_session().session_id, LATER)], "a second revoke changed the list"

    async def test_every_connection_sees_acknowledged_changes(self) -> None:
        """Each read and each swap starts from the last acknowledged change of any connection."""
        one, other = await self.connections(2)
        session = new_session()
        assert await other.find(session.session_id) is None, "find returned a session that was never added"
        await one.add(session)
        for connection in (one, other):
            assert_same(await connection.find(session.session_id), session)
        assert await advance(other, session), "a connection does not see the session that another one added"
        session = rotated(session)
        assert_same(await one.find(session.session_id), session)
        assert await live_sessions(one) == [session], "the list does not show the rotation of another connection"
        assert_same(await other.find(session.session_id), session)
        assert await revoke(one, session), "a connection does not see the session that another one rotated"
        assert await advance(other, session) is False, "a session advanced that another connection has revoked"
        assert await live_sessions(other) == [], "the list has a session that another connection has revoked"
        listed = await revocations(other, LATER)
        assert listed == [RevokedSession(session.session_id, LATER)], "the revocation of another connection is missing"


async def _pages(sessions: SessionRepository, *, limit: int) -> list[list[Session]]:
    """Return all pages of live sessions, read as the service reads them: a short page is the last one."""
    pages: list[list[Session]] = []
    after = None
    for number in count():
        assert number <= len(TIES) + 2, "the pages of list_live_sessions never end"
        page = list(await sessions.list_live_sessions(SUBJECT, now=LATER, limit=limit, after=after))
        assert len(page) <= limit, "a page has more sessions than the limit"
        pages += [page] if page else []
        if len(page) < limit:
            break
        after = page[-1].position()
    return pages


def _by_time(revocations: Sequence[RevokedSession]) -> list[RevokedSession]:
    return sorted(revocations, key=lambda each: each.revoked_at)
