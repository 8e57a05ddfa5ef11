"""The behaviour of a session repository: forgetting."""

from dataclasses import replace

import pytest

from app.domain.model.identifiers import SessionId, Subject
from app.domain.model.session import RevocationReason
from app.ports.sessions import SessionRepository

from .session_kit import (
    IDLE_LIFETIME,
    LATER,
    LIFETIME,
    NEVER,
    NOW,
    SessionKit,
    advance,
    assert_same,
    new_session,
    rotated,
    sweep,
)


class SessionRetention(SessionKit):
    """``erase_salts`` and ``delete_ended`` do what their docstrings say."""

    async def test_a_salt_is_erased_and_nothing_else(self, sessions: SessionRepository) -> None:
        """A salt from before the moment goes, one of that very moment stays; a second call finds nothing."""
        await sessions.add(new_session())
        await advance(sessions, new_session())
        assert await sessions.erase_salts(rotated_before=LATER, limit=10) == 0
        assert_same(await sessions.find(new_session().session_id), rotated(new_session()))
        assert await sessions.erase_salts(rotated_before=LATER + 0.015625, limit=10) == 1
        assert_same(await sessions.find(new_session().session_id), replace(rotated(new_session()), salt=None))
        assert await sessions.erase_salts(rotated_before=LATER + 1, limit=10) == 0

    async def test_a_newer_salt_is_not_erased(self, sessions: SessionRepository) -> None:
        """Only the last rotation counts: a session that rotated again keeps its salt until that one is old."""
        first = rotated(new_session(), now=NOW + 1)
        second = rotated(first, now=NOW + 3)
        await sessions.add(new_session())
        await advance(sessions, new_session(), now=NOW + 1)
        await advance(sessions, first, now=NOW + 3)
        assert await sessions.erase_salts(rotated_before=NOW + 2, limit=10) == 0
        assert_same(await sessions.find(second.session_id), second)
        assert await sessions.erase_salts(rotated_before=NOW + 4, limit=10) == 1

    async def test_sessions_without_a_salt_do_not_count(self, sessions: SessionRepository) -> None:
        """One that never rotated has no salt to erase, and takes no place of one that has."""
        for number in range(4):
            await sessions.add(new_session(number))
        await advance(sessions, new_session(3))
        assert await sessions.erase_salts(rotated_before=LATER + 1, limit=1) == 1
        assert_same(await sessions.find(new_session(3).session_id), replace(rotated(new_session(3)), salt=None))

    async def test_salts_are_erased_up_to_the_limit(self, sessions: SessionRepository) -> None:
        """One call erases no more, and repeated calls erase all."""
        for number in range(7):
            await sessions.add(new_session(number))
            await advance(sessions, new_session(number), now=NOW + number)
        erased = [await sessions.erase_salts(rotated_before=LATER, limit=3) for _ in range(4)]
        assert erased == [3, 3, 1, 0]
        assert [await _salt(sessions, number) for number in range(7)] == [None] * 7

    async def test_salts_are_erased_whatever_the_order_of_their_times(self, sessions: SessionRepository) -> None:
        """A clock that jumped back, or another instance's, makes later rotations older: they are found too."""
        for number, at in enumerate((LATER + 5, LATER, LATER + 3, LATER + 1)):
            await sessions.add(new_session(number))
            await advance(sessions, new_session(number), now=at)
        assert await sessions.erase_salts(rotated_before=LATER + 2, limit=10) == 2
        salted = [await _salt(sessions, number) is not None for number in range(4)]
        assert salted == [True, False, True, False]

    async def test_no_salt_of_a_revoked_session_stays(self, sessions: SessionRepository) -> None:
        """Whether it goes at once or with the others, it goes."""
        await sessions.add(new_session())
        await advance(sessions, new_session())
        await sessions.revoke(new_session().session_id, reason=RevocationReason.LOGOUT, now=LATER)
        await sessions.erase_salts(rotated_before=LATER + 1, limit=10)
        assert await _salt(sessions, 1) is None

    @pytest.mark.parametrize(
        ("idle_expires_at", "end"),
        [(None, NOW + LIFETIME), (NOW + IDLE_LIFETIME, NOW + IDLE_LIFETIME)],
        ids=["absolute", "idle"],
    )
    async def test_expired_sessions_are_deleted(
        self, sessions: SessionRepository, idle_expires_at: float | None, end: float
    ) -> None:
        """Those whose earlier expiry lies before the moment go; one that ends at that moment stays."""
        session = new_session(idle_expires_at=idle_expires_at)
        await sessions.add(session)
        assert await sweep(sessions, expired_before=end) == 0
        assert_same(await sessions.find(session.session_id), session)
        assert await sweep(sessions, expired_before=end + 0.015625) == 1
        assert await sessions.find(session.session_id) is None

    async def test_a_session_that_was_used_is_not_deleted(self, sessions: SessionRepository) -> None:
        """A rotation moved its idle expiry, so the first one deletes nothing."""
        await sessions.add(new_session())
        await advance(sessions, new_session())
        assert await sweep(sessions, expired_before=LATER + IDLE_LIFETIME) == 0
        assert await sweep(sessions, expired_before=LATER + IDLE_LIFETIME + 1) == 1

    async def test_revoked_sessions_are_deleted(self, sessions: SessionRepository) -> None:
        """Those revoked before the moment go; one revoked at that moment stays."""
        await sessions.add(new_session())
        await sessions.revoke(new_session().session_id, reason=RevocationReason.LOGOUT, now=LATER)
        assert await sweep(sessions, revoked_before=LATER) == 0
        assert await sessions.find(new_session().session_id) is not None
        assert await sweep(sessions, revoked_before=LATER + 0.015625) == 1
        assert await sessions.find(new_session().session_id) is None

    async def test_live_sessions_are_not_deleted(self, sessions: SessionRepository) -> None:
        """Of a mixture, the ended ones go by either cause, counted once each."""
        for number in range(9):
            await sessions.add(new_session(number, idle_expires_at=NOW + (20 if number % 3 == 0 else 500)))
        for number in (0, 1, 3, 4):
            await sessions.revoke(new_session(number).session_id, reason=RevocationReason.LOGOUT, now=LATER)
        assert await sweep(sessions, expired_before=NOW + 21, revoked_before=LATER + 1) == 5
        left = [number for number in range(9) if await sessions.find(new_session(number).session_id)]
        assert left == [2, 5, 7, 8]

    async def test_a_call_looks_at_no_more_than_its_limit_and_repeated_calls_at_all(
        self, sessions: SessionRepository
    ) -> None:
        """Wherever the ended ones stand among the live, small steps find each of them, and more in a later round."""
        for number in range(23):
            await sessions.add(new_session(number, expires_at=NOW + 50 if number % 2 else NOW + 90))

        for expired_before, deleted in ((NOW + 10, 0), (NOW + 60, 11), (NOW + 91, 12)):
            steps = [
                await sessions.delete_ended(expired_before=expired_before, revoked_before=NEVER, limit=4)
                for _ in range(14)
            ]
            assert sum(steps) == deleted
            assert max(steps) <= 4
        assert [await sessions.find(new_session(number).session_id) for number in range(23)] == [None] * 23

    async def test_a_deleted_session_is_gone_from_everywhere(self, sessions: SessionRepository) -> None:
        """No list names it, no act finds it, and its id is free."""
        session = new_session()
        await sessions.add(session)
        await sessions.revoke(session.session_id, reason=RevocationReason.LOGOUT, now=LATER)
        await sweep(sessions, revoked_before=LATER + 1)
        assert list(await sessions.revocations_since(0.0)) == []
        assert await sessions.revoke(session.session_id, reason=RevocationReason.LOGOUT, now=LATER) is False
        assert await advance(sessions, session) is False
        assert list(await sessions.live_sessions(Subject("subject-1"), now=LATER)) == []
        await sessions.add(session)
        assert_same(await sessions.find(session.session_id), session)
        assert list(await sessions.live_sessions(Subject("subject-1"), now=LATER)) == [session]


async def _salt(sessions: SessionRepository, number: int) -> bytes | None:
    session = await sessions.find(SessionId(number.to_bytes(16, "big")))
    assert session is not None
    return session.salt
