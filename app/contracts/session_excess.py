"""The behaviour of a session repository: ``revoke_excess`` and ``list_crowded_subjects``, for the session limit."""

from itertools import count

import pytest

from ..domain.identifiers import Subject
from ..domain.sessions.session import LAST_SECOND, RevocationReason
from ..ports.session_repository import SessionRepository
from .kit import Counts, RepositoryContract
from .sessions import (
    LATER,
    NOW,
    TICK,
    add_all,
    advance,
    assert_same,
    in_order,
    limit_to,
    live_sessions,
    new_session,
    numbers_of,
    revoke,
    revoked,
    rotated,
)

OTHER = Subject("subject-10")
_MAX_PAGES = 10_000


class SessionExcess(RepositoryContract[SessionRepository]):
    """The acts that keep the number of sessions within a limit do what their docstrings say."""

    async def test_revoke_excess_revokes_the_longest_unused(self, repository: SessionRepository) -> None:
        """The oldest rotations end first, whenever the sessions began. Exactly ``limit`` sessions are left."""
        opened = {number: new_session(number, created_at=NOW - number) for number in range(1, 7)}
        for number, session in opened.items():
            await repository.add(session)
            if number not in (2, 5):
                await advance(repository, session, now=NOW + number)
        ended = await limit_to(repository, 2)
        expected = [opened[2], opened[5], rotated(opened[1], now=NOW + 1), rotated(opened[3], now=NOW + 3)]
        reason = RevocationReason.TOO_MANY_SESSIONS
        assert in_order(ended) == in_order([revoked(each, reason=reason) for each in expected]), (
            "revoke_excess did not return exactly the sessions with the oldest rotated_at"
        )
        for session in ended:
            assert_same(await repository.find(session.session_id), session)
        assert numbers_of(await live_sessions(repository)) == [4, 6], "other sessions are live than those used last"

    @pytest.mark.parametrize("limit", [1, 2, 3])
    async def test_revoke_excess_never_revokes_the_kept_one(self, repository: SessionRepository, limit: int) -> None:
        """``keep`` stays although it is the longest unused one, and counts as one of the ``limit``."""
        for number in range(1, 6):
            await repository.add(new_session(number, rotated_at=NOW + number))
        ended = await limit_to(repository, limit, keep=new_session(1).session_id)
        assert numbers_of(ended) == list(range(2, 7 - limit)), "others ended than the longest unused ones except keep"
        assert numbers_of(await live_sessions(repository)) == [1, *range(7 - limit, 6)], "wrong sessions are left"

    @pytest.mark.parametrize("keep", [8, 9], ids=["of another subject", "unknown"])
    async def test_revoke_excess_does_not_count_a_kept_one_that_is_not_there(
        self, repository: SessionRepository, keep: int
    ) -> None:
        """A ``keep`` that is no live session of the subject takes no place."""
        await repository.add(new_session(8, subject=OTHER))
        for number in range(1, 5):
            await repository.add(new_session(number, rotated_at=NOW + number))
        ended = await limit_to(repository, 2, keep=new_session(keep).session_id)
        assert numbers_of(ended) == [1, 2], "keep was counted as one of the limit, although it is not there"

    async def test_revoke_excess_within_the_limit_changes_nothing(self, repository: SessionRepository) -> None:
        """As many sessions as the limit stay. A second call returns none."""
        for number in range(1, 5):
            await repository.add(new_session(number, rotated_at=NOW + number))
        assert list(await limit_to(repository, 4)) == [], "revoke_excess ended sessions although they are not too many"
        assert len(await limit_to(repository, 3)) == 1, "revoke_excess did not end the one session that is too many"
        assert list(await limit_to(repository, 3)) == [], "the second call ended more sessions"
        assert list(await limit_to(repository, 1, Subject("nobody"))) == [], "a subject without sessions had some"

    async def test_revoke_excess_counts_live_sessions_of_the_subject(self, repository: SessionRepository) -> None:
        """Ended sessions, those in their last second and other subjects' take no place and are not revoked."""
        await repository.add(new_session(1))
        await revoke(repository, new_session(1))
        await repository.add(new_session(2, expires_at=LATER + LAST_SECOND - TICK))
        for number in (3, 4):
            await repository.add(new_session(number, rotated_at=NOW + number))
        other = new_session(5, subject=OTHER, rotated_at=NOW - 100)
        await repository.add(other)
        assert list(await limit_to(repository, 2)) == [], "sessions were counted that are not live or not the subject's"
        assert numbers_of(await limit_to(repository, 1)) == [3], "another session ended than the longest unused one"
        assert_same(await repository.find(other.session_id), other)

    @pytest.mark.proof("stores")
    async def test_repeated_revoke_excess_ends_any_number(self, repository: SessionRepository, proof: Counts) -> None:
        """Calls are repeated until one returns none. Then exactly ``limit`` sessions are left, those used last."""
        number = proof.count("sessions of a subject to limit", small=220, full=2_500)
        await add_all(repository, [new_session(each, rotated_at=NOW + each / 64) for each in range(number)])
        ended: list[int] = []
        while step := await limit_to(repository, 5):
            assert len(step) <= 1_000, "one call of revoke_excess revoked more than 1,000 sessions"
            ended += numbers_of(step)
        assert sorted(ended) == list(range(number - 5)), "not every session that was too many was returned once"
        left = numbers_of(await live_sessions(repository))
        assert left == list(range(number - 5, number)), "other sessions are left than the five used last"

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
