"""The behaviour of a session repository: the cut-off, which ends every session that began by then."""

from collections.abc import Callable, Coroutine
from typing import Any, Final

import pytest

from ..domain.identifiers import Subject
from ..domain.sessions.session import RevocationReason, Session
from ..domain.tokens.revoked_session import RevokedSession
from ..ports.session_repository import SessionRepository
from .kit import RepositoryContract
from .sessions import (
    LATER,
    NOW,
    SUBJECT,
    advance,
    assert_same,
    began_at,
    live_sessions,
    new_session,
    revocations,
    revoke,
    revoked,
    rotated,
)

CUT_OFF: Final = int(NOW)
"""The second in which ``new_session`` begins."""

ACTS: dict[str, Callable[[SessionRepository, Session], Coroutine[Any, Any, bool]]] = {
    "advance": advance,
    "revoke": revoke,
    "set_credential_version": lambda sessions, session: sessions.set_credential_version(
        session.session_id, expected_version=3, credential_version=4, now=LATER
    ),
}


class SessionCutOff(RepositoryContract[SessionRepository]):
    """From the cut-off on, every method treats a session of before as ``Session.ended_by`` returns it."""

    async def test_there_is_no_cut_off_at_first(self, repository: SessionRepository) -> None:
        """``find_cut_off`` returns ``None`` until one is set."""
        assert await repository.find_cut_off() is None, "a store in which no cut-off was set has one"

    async def test_cut_off_never_moves_back(self, repository: SessionRepository) -> None:
        """``find_cut_off`` returns the latest cut-off, not the last one. It is a whole number."""
        latest = 0
        for cut_off in (CUT_OFF, CUT_OFF, CUT_OFF - 5, CUT_OFF + 7, CUT_OFF + 6, 1):
            latest = max(latest, cut_off)
            await repository.set_cut_off(cut_off)
            found = await repository.find_cut_off()
            assert found == latest, "find_cut_off does not return the latest cut-off"
            assert type(found) is int, "the cut-off is not a whole number"

    @pytest.mark.parametrize(
        ("created_at", "ends"),
        [
            (CUT_OFF - 500.0, True),
            (float(CUT_OFF), True),
            (CUT_OFF + 0.984375, True),
            (CUT_OFF + 1.0, False),
            (CUT_OFF + 1.5, False),
        ],
        ids=["long before", "when the second begins", "when the second ends", "a second later", "after"],
    )
    async def test_cut_off_ends_what_began_by_the_end_of_its_second(
        self, repository: SessionRepository, created_at: float, *, ends: bool
    ) -> None:
        """``find`` returns such a session as revoked. One that began in the next second is untouched, and advances."""
        session = began_at(1, created_at)
        await repository.add(session)
        await repository.set_cut_off(CUT_OFF)
        assert_same(await repository.find(session.session_id), session.ended_by(CUT_OFF))
        assert await advance(repository, session) is not ends, (
            f"advance {'accepts' if ends else 'refuses'} this session"
        )
        left = session.ended_by(CUT_OFF) if ends else rotated(session)
        assert_same(await repository.find(session.session_id), left)

    async def test_ended_session_has_no_replaced_secrets(self, repository: SessionRepository) -> None:
        """``find`` returns no replaced secret of a session that the cut-off ended."""
        await repository.add(new_session())
        await advance(repository, new_session())
        await repository.set_cut_off(CUT_OFF)
        assert_same(await repository.find(new_session().session_id), rotated(new_session()).ended_by(CUT_OFF))

    async def test_revoked_session_keeps_its_reason_and_time(self, repository: SessionRepository) -> None:
        """The cut-off does not change a session that was revoked before."""
        await repository.add(new_session())
        await revoke(repository, new_session(), reason=RevocationReason.REUSE)
        await repository.set_cut_off(CUT_OFF + 20)
        ended = revoked(new_session(), reason=RevocationReason.REUSE)
        assert_same(await repository.find(ended.session_id), ended)

    @pytest.mark.parametrize("act", ACTS.values(), ids=ACTS)
    async def test_act_on_an_ended_session_changes_nothing(
        self, repository: SessionRepository, act: Callable[[SessionRepository, Session], Coroutine[Any, Any, bool]]
    ) -> None:
        """The act returns ``False``, and the session stays as the cut-off left it."""
        await repository.add(new_session())
        await repository.set_cut_off(CUT_OFF)
        assert await act(repository, new_session()) is False, "an act on a session that the cut-off ended succeeds"
        assert_same(await repository.find(new_session().session_id), new_session().ended_by(CUT_OFF))

    async def test_session_that_is_added_after_the_cut_off_ends_too(self, repository: SessionRepository) -> None:
        """A sign-in that was in flight gives a session that is over: when it began decides."""
        await repository.set_cut_off(CUT_OFF)
        await repository.add(new_session())
        assert_same(await repository.find(new_session().session_id), new_session().ended_by(CUT_OFF))
        assert await advance(repository, new_session()) is False, "a session that began by the cut-off advances"

    async def test_ended_sessions_are_not_listed_as_live(self, repository: SessionRepository) -> None:
        """They are on no page, and take no place on a page."""
        opened = [began_at(number, NOW - 5 + number) for number in range(10)]
        for session in opened:
            await repository.add(session)
        await repository.set_cut_off(CUT_OFF)
        assert await live_sessions(repository) == opened[6:], "the list has a session that the cut-off ended"
        page = await repository.list_live_sessions(SUBJECT, now=LATER, limit=2)
        assert list(page) == opened[6:8], "sessions that the cut-off ended take places on a page"

    async def test_ended_sessions_are_not_revoked_again(self, repository: SessionRepository) -> None:
        """``revoke_subject`` and ``revoke_excess`` neither count nor return them."""
        opened = [began_at(number, NOW - 1 + number, rotated_at=NOW + 5 - number) for number in range(4)]
        for session in opened:
            await repository.add(session)
        await repository.set_cut_off(CUT_OFF)
        excess = RevocationReason.TOO_MANY_SESSIONS
        ended = await repository.revoke_excess(SUBJECT, limit=2, keep=None, reason=excess, now=LATER)
        assert list(ended) == [], "revoke_excess counts sessions that the cut-off ended"
        ended = await repository.revoke_excess(SUBJECT, limit=1, keep=None, reason=excess, now=LATER)
        assert list(ended) == [revoked(opened[3], reason=excess)], "revoke_excess ended another session"
        ended = await repository.revoke_subject(SUBJECT, reason=RevocationReason.LOGOUT, now=LATER, keep=None)
        assert list(ended) == [revoked(opened[2])], "revoke_subject returned sessions that the cut-off ended"
        for session in opened[:2]:
            assert_same(await repository.find(session.session_id), session.ended_by(CUT_OFF))

    async def test_revocations_leave_out_what_the_cut_off_ended(self, repository: SessionRepository) -> None:
        """``list_revocations`` has only sessions that were revoked one by one: the cut-off is a fact of its own."""
        later = began_at(3, NOW + 1)
        for session in (new_session(1), new_session(2, subject=Subject("subject-2")), later):
            await repository.add(session)
        await repository.set_cut_off(CUT_OFF)
        await revoke(repository, new_session(1))
        await revoke(repository, later)
        listed = await revocations(repository, 0.0)
        assert listed == [RevokedSession(later.session_id, LATER)], "sessions that the cut-off ended are listed"

    async def test_later_cut_off_ends_more(self, repository: SessionRepository) -> None:
        """Each session ends at the cut-off that ended it first, or at the latest one. Later sessions live on."""
        first, second, third = (began_at(number, NOW + number) for number in (1, 2, 3))
        for session in (first, second, third):
            await repository.add(session)
        await repository.set_cut_off(CUT_OFF + 1)
        assert await live_sessions(repository) == [second, third], "the first cut-off ended the wrong sessions"
        await repository.set_cut_off(CUT_OFF + 2)
        assert await live_sessions(repository) == [third], "the second cut-off ended the wrong sessions"
        found = await repository.find(first.session_id)
        assert found in (first.ended_by(CUT_OFF + 1), first.ended_by(CUT_OFF + 2)), "a session did not stay ended"

    async def test_every_connection_sees_the_cut_off(self) -> None:
        """What one connection sets ends sessions on every connection at once."""
        one, other = await self.connections(2)
        await one.add(new_session())
        assert await advance(other, new_session()), "a connection does not see the session that another one added"
        await one.set_cut_off(CUT_OFF)
        session = rotated(new_session())
        assert await advance(other, session) is False, "a session advanced that the cut-off of another connection ended"
        assert_same(await other.find(session.session_id), session.ended_by(CUT_OFF))
        assert await other.find_cut_off() == CUT_OFF, "a connection does not see the cut-off of another one"
        assert await live_sessions(other) == [], "the list has a session that the cut-off of another connection ended"
