"""The behaviour of a session repository: ``revoke_subject``, ``revoke_excess``, ``list_crowded_subjects``."""

import asyncio
from collections.abc import Sequence
from itertools import count

import pytest

from ..domain.identifiers import SessionId, Subject
from ..domain.sessions.session import LAST_SECOND, RevocationReason, Session
from ..ports.session_repository import SessionRepository
from .kit import Counts, RepositoryContract
from .sessions import (
    LATER,
    NOW,
    SUBJECT,
    TICK,
    advance,
    assert_same,
    in_order,
    live_sessions,
    new_session,
    revoke,
    revoked,
    rotated,
    stored,
)

OTHER = Subject("subject-10")
_MAX_PAGES = 10_000


class SessionsOfSubjects(RepositoryContract[SessionRepository]):
    """The acts on all sessions of a subject do what their docstrings say."""

    @pytest.mark.parametrize("kept", [None, 2, 3, 9], ids=["none", "rotated", "unused", "of another subject"])
    async def test_revoke_subject_revokes_all_but_the_kept_one(
        self, repository: SessionRepository, kept: int | None
    ) -> None:
        """Every live session of the subject is revoked and returned. Only ``keep`` and other subjects' stay."""
        opened = {number: new_session(number, created_at=NOW - number) for number in range(1, 6)}
        opened[9] = new_session(9, subject=OTHER)
        for session in opened.values():
            await repository.add(session)
        await advance(repository, opened[2])
        opened[2] = rotated(opened[2])
        keep = None if kept is None else opened[kept].session_id
        reason = RevocationReason.PASSWORD_CHANGED
        ended = await repository.revoke_subject(SUBJECT, reason=reason, now=LATER, keep=keep)
        expected = {number: revoked(opened[number], reason=reason) for number in range(1, 6) if number != kept}
        assert in_order(ended) == in_order(list(expected.values())), "other sessions are returned than should end"
        for number, session in (opened | expected).items():
            assert_same(await repository.find(session.session_id), session)
            made = await advance(repository, session)
            assert made is (number not in expected), "advance succeeds for the sessions that stay, and for no other"

    async def test_revoke_subject_leaves_sessions_that_have_ended(self, repository: SessionRepository) -> None:
        """Revoked sessions keep reason and time, expired ones and those in their last second stay as they are."""
        expired, last = new_session(1, expires_at=LATER - 1), new_session(2, expires_at=LATER + LAST_SECOND - TICK)
        logged_out, live = new_session(3), new_session(4, expires_at=LATER + LAST_SECOND)
        for session in (expired, last, logged_out, live):
            await repository.add(session)
        await revoke(repository, logged_out, now=LATER - 1)
        ended = await _end(repository)
        assert list(ended) == [revoked(live)], "revoke_subject does not return exactly the sessions that were live"
        for session in (expired, last, revoked(logged_out, now=LATER - 1), revoked(live)):
            assert_same(await repository.find(session.session_id), session)

    async def test_second_revoke_subject_returns_none(self, repository: SessionRepository) -> None:
        """A repeated call returns only what is new: sessions that were added since."""
        for number in range(3):
            await repository.add(new_session(number))
        assert len(await _end(repository)) == 3, "not every session of the subject was revoked"
        assert list(await _end(repository)) == [], "the second call returned sessions that it did not revoke"
        await repository.add(new_session(4))
        assert list(await _end(repository)) == [revoked(new_session(4))], "a new session was not revoked"
        assert list(await _end(repository, Subject("nobody"))) == [], "a subject without sessions had some"

    @pytest.mark.proof("stores")
    async def test_revoke_subject_revokes_any_number(self, repository: SessionRepository, proof: Counts) -> None:
        """One call revokes all, also if the store does it in many steps."""
        number = proof.count("sessions of a subject to revoke", small=220, full=2_500)
        opened = [new_session(each, created_at=NOW - each % 9) for each in range(number)]
        await _add_all(repository, opened)
        ended = await _end(repository)
        assert in_order(ended) == in_order([revoked(each) for each in opened]), "one call did not revoke all sessions"
        assert await live_sessions(repository) == [], "sessions are live after revoke_subject"
        listed = {each.session_id for each in await repository.list_revocations(LATER)}
        assert listed == {each.session_id for each in opened}, "list_revocations has other sessions than were revoked"

    async def test_revoke_excess_revokes_the_longest_unused(self, repository: SessionRepository) -> None:
        """The oldest rotations end first, whenever the sessions began. Exactly ``limit`` sessions are left."""
        opened = {number: new_session(number, created_at=NOW - number) for number in range(1, 7)}
        for number, session in opened.items():
            await repository.add(session)
            if number not in (2, 5):
                await advance(repository, session, now=NOW + number)
        ended = await _limit(repository, 2)
        expected = [opened[2], opened[5], rotated(opened[1], now=NOW + 1), rotated(opened[3], now=NOW + 3)]
        reason = RevocationReason.TOO_MANY_SESSIONS
        assert in_order(ended) == in_order([revoked(each, reason=reason) for each in expected]), (
            "revoke_excess did not return exactly the sessions with the oldest rotated_at"
        )
        for session in ended:
            assert_same(await repository.find(session.session_id), session)
        assert _numbers(await live_sessions(repository)) == [4, 6], "other sessions are live than those used last"

    @pytest.mark.parametrize("limit", [1, 2, 3])
    async def test_revoke_excess_never_revokes_the_kept_one(self, repository: SessionRepository, limit: int) -> None:
        """``keep`` stays although it is the longest unused one, and counts as one of the ``limit``."""
        for number in range(1, 6):
            await repository.add(new_session(number, rotated_at=NOW + number))
        ended = await _limit(repository, limit, keep=new_session(1).session_id)
        assert _numbers(ended) == list(range(2, 7 - limit)), "others ended than the longest unused ones except keep"
        assert _numbers(await live_sessions(repository)) == [1, *range(7 - limit, 6)], "wrong sessions are left"

    @pytest.mark.parametrize("keep", [8, 9], ids=["of another subject", "unknown"])
    async def test_revoke_excess_does_not_count_a_kept_one_that_is_not_there(
        self, repository: SessionRepository, keep: int
    ) -> None:
        """A ``keep`` that is no live session of the subject takes no place."""
        await repository.add(new_session(8, subject=OTHER))
        for number in range(1, 5):
            await repository.add(new_session(number, rotated_at=NOW + number))
        assert _numbers(await _limit(repository, 2, keep=new_session(keep).session_id)) == [1, 2]

    async def test_revoke_excess_within_the_limit_changes_nothing(self, repository: SessionRepository) -> None:
        """As many sessions as the limit stay. A second call returns none."""
        for number in range(1, 5):
            await repository.add(new_session(number, rotated_at=NOW + number))
        assert list(await _limit(repository, 4)) == [], "revoke_excess ended sessions although they are not too many"
        assert len(await _limit(repository, 3)) == 1, "revoke_excess did not end the one session that is too many"
        assert list(await _limit(repository, 3)) == [], "the second call ended more sessions"
        assert list(await _limit(repository, 1, subject=Subject("nobody"))) == []

    async def test_revoke_excess_counts_live_sessions_of_the_subject(self, repository: SessionRepository) -> None:
        """Ended sessions, those in their last second and other subjects' take no place and are not revoked."""
        await repository.add(new_session(1))
        await revoke(repository, new_session(1))
        await repository.add(new_session(2, expires_at=LATER + LAST_SECOND - TICK))
        for number in (3, 4):
            await repository.add(new_session(number, rotated_at=NOW + number))
        other = new_session(5, subject=OTHER, rotated_at=NOW - 100)
        await repository.add(other)
        assert list(await _limit(repository, 2)) == [], "sessions that are not live, or not the subject's, were counted"
        assert _numbers(await _limit(repository, 1)) == [3], "another session ended than the longest unused live one"
        assert_same(await repository.find(other.session_id), other)

    @pytest.mark.proof("stores")
    async def test_repeated_revoke_excess_ends_any_number(self, repository: SessionRepository, proof: Counts) -> None:
        """Calls are repeated until one returns none. Then exactly ``limit`` sessions are left, those used last."""
        number = proof.count("sessions of a subject to limit", small=220, full=2_500)
        await _add_all(repository, [new_session(each, rotated_at=NOW + each / 64) for each in range(number)])
        ended: list[int] = []
        while step := await _limit(repository, 5):
            assert len(step) <= 1_000, "one call of revoke_excess revoked more than 1,000 sessions"
            ended += _numbers(step)
        assert sorted(ended) == list(range(number - 5)), "not every session that was too many was returned once"
        assert _numbers(await live_sessions(repository)) == list(range(number - 5, number))

    async def test_every_crowded_subject_is_listed(self, repository: SessionRepository) -> None:
        """All pages together have every subject with more sessions than the number, also while others sign in."""
        sizes = {f"subject-{number}": number % 5 for number in range(25)}
        ids = count()
        for subject, size in sizes.items():
            for _ in range(size):
                await repository.add(new_session(next(ids), subject=Subject(subject)))
        for more_than in (1, 2, 3):
            crowded = {subject for subject, size in sizes.items() if size > more_than}
            listed, after = set[str](), ""
            for number in count(1):
                page = await repository.list_crowded_subjects(more_than=more_than, after=after)
                listed |= set(page.subjects)
                await repository.add(new_session(next(ids), subject=Subject(f"new-{next(ids)}")))
                if page.next is None:
                    break
                assert page.next != after, "a page of list_crowded_subjects has itself as the next one"
                assert number < _MAX_PAGES, "the pages of list_crowded_subjects never end"
                after = page.next
            assert crowded <= listed, f"no page has the subjects {crowded - listed}"

    async def test_no_subject_is_crowded_in_an_empty_store(self, repository: SessionRepository) -> None:
        """The pages of an empty store have no subject, and they end."""
        after: str | None = ""
        for _ in range(_MAX_PAGES):
            page = await repository.list_crowded_subjects(more_than=1, after=after or "")
            assert list(page.subjects) == [], "an empty store has a crowded subject"
            after = page.next
            if after is None:
                break
        assert after is None, "the pages of list_crowded_subjects never end"

    async def test_every_connection_sees_the_acts_on_a_subject(self) -> None:
        """Sessions of one connection are revoked by another, and both see it at once."""
        one, other = await self.connections(2)
        for number in range(4):
            await one.add(new_session(number, rotated_at=NOW + number))
        for connection in (one, other):
            assert _numbers([await stored(connection, new_session(number)) for number in range(4)]) == [0, 1, 2, 3]
        assert _numbers(await _limit(other, 3)) == [0], "a connection does not see the sessions that another one added"
        assert _numbers(await live_sessions(one)) == [1, 2, 3], "a connection lists a session that another one revoked"
        assert _numbers(await _end(one)) == [1, 2, 3], "a connection revokes again what another one has revoked"
        for number in range(1, 4):
            assert (await stored(other, new_session(number))).revoked_at == LATER, "a revocation is not seen"
            made = await advance(other, new_session(number))
            assert made is False, "a session advanced that another connection has revoked"


async def _end(sessions: SessionRepository, subject: Subject = SUBJECT) -> Sequence[Session]:
    return await sessions.revoke_subject(subject, reason=RevocationReason.LOGOUT, now=LATER, keep=None)


async def _limit(
    sessions: SessionRepository, limit: int, *, keep: SessionId | None = None, subject: Subject = SUBJECT
) -> Sequence[Session]:
    reason = RevocationReason.TOO_MANY_SESSIONS
    return await sessions.revoke_excess(subject, limit=limit, keep=keep, reason=reason, now=LATER)


async def _add_all(repository: SessionRepository, sessions: Sequence[Session]) -> None:
    for first in range(0, len(sessions), 50):
        await asyncio.gather(*(repository.add(each) for each in sessions[first : first + 50]))


def _numbers(sessions: Sequence[Session]) -> list[int]:
    """Return the numbers of the sessions, the smallest first."""
    return sorted(int.from_bytes(each.session_id, "big") for each in sessions)
