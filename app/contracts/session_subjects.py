"""The behaviour of a session repository: ``revoke_subject``, and what one connection sees of the acts on subjects."""

import pytest

from ..domain.identifiers import Subject
from ..domain.sessions.session import LAST_SECOND, RevocationReason
from ..ports.session_repository import SessionRepository
from .kit import Counts, RepositoryContract
from .sessions import (
    LATER,
    NOW,
    SUBJECT,
    TICK,
    add_all,
    advance,
    assert_same,
    end_all,
    in_order,
    limit_to,
    live_sessions,
    new_session,
    numbers_of,
    revocations,
    revoke,
    revoked,
    rotated,
    stored,
)

OTHER = Subject("subject-10")


class SubjectRevocation(RepositoryContract[SessionRepository]):
    """``revoke_subject`` does what its docstring says."""

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
            assert made is (number not in expected), f"advance returned {made} after revoke_subject"

    async def test_revoke_subject_leaves_sessions_that_have_ended(self, repository: SessionRepository) -> None:
        """Revoked sessions keep reason and time, expired ones and those in their last second stay as they are."""
        expired, last = new_session(1, expires_at=LATER - 1), new_session(2, expires_at=LATER + LAST_SECOND - TICK)
        logged_out, live = new_session(3), new_session(4, expires_at=LATER + LAST_SECOND)
        for session in (expired, last, logged_out, live):
            await repository.add(session)
        await revoke(repository, logged_out, now=LATER - 1)
        ended = await end_all(repository)
        assert list(ended) == [revoked(live)], "revoke_subject does not return exactly the sessions that were live"
        for session in (expired, last, revoked(logged_out, now=LATER - 1), revoked(live)):
            assert_same(await repository.find(session.session_id), session)

    async def test_second_revoke_subject_returns_none(self, repository: SessionRepository) -> None:
        """A repeated call returns only what is new: sessions that were added since."""
        for number in range(3):
            await repository.add(new_session(number))
        assert len(await end_all(repository)) == 3, "not every session of the subject was revoked"
        assert list(await end_all(repository)) == [], "the second call returned sessions that it did not revoke"
        await repository.add(new_session(4))
        assert list(await end_all(repository)) == [revoked(new_session(4))], "a new session was not revoked"
        assert list(await end_all(repository, Subject("nobody"))) == [], "a subject without sessions had some"

    @pytest.mark.proof("stores")
    async def test_revoke_subject_revokes_any_number(self, repository: SessionRepository, proof: Counts) -> None:
        """One call revokes all, also if the store does it in many steps."""
        number = proof.count("sessions of a subject to revoke", small=220, full=2_500)
        opened = [new_session(each, created_at=NOW - each % 9) for each in range(number)]
        await add_all(repository, opened)
        live = await live_sessions(repository)
        assert len(live) == number, f"list_live_sessions returned {len(live)} of {number} sessions: it stops at a page"
        ended = await end_all(repository)
        assert len(ended) == number, f"revoke_subject revoked {len(ended)} of {number} sessions: it stops at a page"
        assert in_order(ended) == in_order([revoked(each) for each in opened]), "one call did not revoke all sessions"
        assert await live_sessions(repository) == [], "sessions are live after revoke_subject"
        listed = {each.session_id for each in await revocations(repository, LATER)}
        assert len(listed) == number, f"list_revocations has {len(listed)} of {number} revocations: it stops at a page"
        assert listed == {each.session_id for each in opened}, "list_revocations has other sessions than were revoked"

    async def test_every_connection_sees_the_acts_on_a_subject(self) -> None:
        """Sessions of one connection are revoked by another, and both see it at once."""
        one, other = await self.connections(2)
        opened = [new_session(number, rotated_at=NOW + number) for number in range(4)]
        for session in opened:
            await one.add(session)
        for connection in (one, other):
            for number in range(4):
                assert_same(await connection.find(new_session(number).session_id), opened[number])
        assert numbers_of(await limit_to(other, 3)) == [0], "a connection does not see what another one added"
        assert numbers_of(await live_sessions(one)) == [1, 2, 3], "a connection lists what another one has revoked"
        assert numbers_of(await end_all(one)) == [1, 2, 3], "a connection revokes again what another one has revoked"
        for number in range(1, 4):
            assert (await stored(other, new_session(number))).revoked_at == LATER, "a revocation is not seen"
            made = await advance(other, new_session(number))
            assert made is False, "a session advanced that another connection has revoked"
