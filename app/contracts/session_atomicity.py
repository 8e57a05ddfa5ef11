"""The atomicity of a session repository: an act is done or not done, never half done."""

import asyncio
from collections.abc import Awaitable, Callable, Coroutine, Sequence
from contextlib import suppress
from dataclasses import replace

import pytest

from ..domain.errors import AlreadyExists
from ..domain.identifiers import Subject
from ..domain.sessions.session import Session
from ..ports.session_repository import SessionRepository
from .kit import RepositoryContract
from .sentences import must_raise
from .sessions import (
    LATER,
    LIFETIME,
    NOW,
    advance,
    assert_same,
    began_at,
    end_all,
    limit_to,
    live_sessions,
    new_session,
    revocations,
    revoke,
    revoked,
    rotated,
    stored,
)

CUT_OFF = int(NOW) - 100
LIVE, REVOKED, UNKNOWN, CUT = new_session(1), new_session(2), new_session(3), began_at(4, NOW - 100)

REFUSED: dict[str, Callable[[SessionRepository], Awaitable[bool]]] = {
    "advance with another digest": lambda sessions: advance(sessions, LIVE),
    "advance of an unknown session": lambda sessions: advance(sessions, UNKNOWN),
    "advance of a revoked session": lambda sessions: advance(sessions, REVOKED),
    "advance after the cut-off": lambda sessions: advance(sessions, CUT),
    "advance after the idle expiry": lambda sessions: advance(sessions, rotated(LIVE), now=NOW + LIFETIME / 2),
    "advance after the expiry": lambda sessions: advance(sessions, rotated(LIVE), now=NOW + LIFETIME),
    "set_credential_version with another version": lambda sessions: _set_version(sessions, LIVE, expected_version=9),
    "set_credential_version of a revoked session": lambda sessions: _set_version(sessions, REVOKED, expected_version=3),
    "set_credential_version after the cut-off": lambda sessions: _set_version(sessions, CUT, expected_version=3),
    "revoke of a revoked session": lambda sessions: revoke(sessions, REVOKED, now=LATER + 9),
    "revoke of an unknown session": lambda sessions: revoke(sessions, UNKNOWN, now=LATER + 9),
    "revoke after the cut-off": lambda sessions: revoke(sessions, CUT, now=LATER + 9),
    "revoke_subject of another subject": lambda sessions: _any(end_all(sessions, Subject("subject-2"))),
    "revoke_subject when no session is live": lambda sessions: _any(end_all(sessions, now=NOW + LIFETIME)),
    "revoke_excess within the limit": lambda sessions: _any(limit_to(sessions, 1)),
}

CANCELLED_AFTER = (0, 1, 2, 3, 5, 10, 50)
"""How many turns of the event loop an act runs before it is cancelled."""


class SessionAtomicity(RepositoryContract[SessionRepository]):
    """A refused act changes nothing, and a cancelled act is not half done."""

    @pytest.mark.parametrize("act", REFUSED.values(), ids=REFUSED)
    async def test_refused_act_changes_nothing(
        self, repository: SessionRepository, act: Callable[[SessionRepository], Awaitable[bool]]
    ) -> None:
        """Every session and every list is as before, and the live session can still advance."""
        for session in (LIVE, REVOKED, CUT):
            await repository.add(session)
        await advance(repository, LIVE)
        await revoke(repository, REVOKED)
        await repository.set_cut_off(CUT_OFF)
        before = await _contents(repository)
        assert await act(repository) is False, "an act succeeded that should be refused"
        assert await _contents(repository) == before, "a refused act changed something"
        assert await advance(repository, rotated(LIVE), now=LATER + 1), "a live session does not advance any more"

    async def test_refused_add_changes_nothing(self, repository: SessionRepository) -> None:
        """The first session stays, and nothing of the second is stored or listed."""
        await repository.add(LIVE)
        before = await _contents(repository)
        with must_raise(AlreadyExists, "add accepted an id that is taken: it must raise AlreadyExists"):
            await repository.add(replace(UNKNOWN, session_id=LIVE.session_id, subject=Subject("subject-2")))
        assert await _contents(repository) == before, "a refused add changed something"
        assert await live_sessions(repository, Subject("subject-2")) == [], "a session is listed that was refused"
        assert await advance(repository, LIVE), "the first session does not advance any more"

    async def test_cancelled_advance_is_done_or_not_done(self, repository: SessionRepository) -> None:
        """A cancelled swap is stored with all its fields, or not at all."""
        for number, turns in enumerate(CANCELLED_AFTER):
            session = new_session(number)
            await repository.add(session)
            await _cancel_after(advance(repository, session), turns)
            found = await stored(repository, session)
            assert found in (session, rotated(session)), f"a swap that was cancelled after {turns} turns is half done"

    async def test_cancelled_revoke_is_done_or_not_done(self, repository: SessionRepository) -> None:
        """A cancelled revocation is stored with time and reason, or not at all."""
        for number, turns in enumerate(CANCELLED_AFTER):
            session = new_session(number)
            await repository.add(session)
            await _cancel_after(revoke(repository, session), turns)
            found = await stored(repository, session)
            assert found in (session, revoked(session)), f"a revoke cancelled after {turns} turns is half done"

    async def test_cancelled_add_is_done_or_not_done(self, repository: SessionRepository) -> None:
        """After a cancelled ``add`` and a second one, the session is stored once and listed once."""
        for number, turns in enumerate(CANCELLED_AFTER):
            session = new_session(number, subject=Subject(f"subject-{number}"))
            await _cancel_after(repository.add(session), turns)
            with suppress(AlreadyExists):
                await repository.add(session)
            assert_same(await repository.find(session.session_id), session)
            live = await live_sessions(repository, session.subject)
            assert live == [session], f"an add that was cancelled after {turns} turns is half done"

    async def test_cancelled_revoke_subject_can_be_continued(self, repository: SessionRepository) -> None:
        """Each session is revoked or not, and the same call revokes the rest."""
        for number, turns in enumerate(CANCELLED_AFTER):
            subject = Subject(f"subject-{number}")
            opened = [new_session(10 * number + each, subject=subject) for each in range(5)]
            for session in opened:
                await repository.add(session)
            await _cancel_after(end_all(repository, subject), turns)
            for session in opened:
                found = await stored(repository, session)
                assert found in (session, revoked(session)), f"a session is half revoked after {turns} turns"
            await end_all(repository, subject)
            for session in opened:
                assert_same(await repository.find(session.session_id), revoked(session))
            assert await live_sessions(repository, subject) == [], "the repeated call did not revoke the rest"

    async def test_cancelled_revoke_excess_can_be_continued(self, repository: SessionRepository) -> None:
        """No more sessions end than are too many, and the same call revokes the rest."""
        for number, turns in enumerate(CANCELLED_AFTER):
            subject = Subject(f"subject-{number}")
            opened = [new_session(10 * number + each, subject=subject, rotated_at=NOW + each) for each in range(5)]
            for session in opened:
                await repository.add(session)
            await _cancel_after(limit_to(repository, 2, subject), turns)
            await limit_to(repository, 2, subject)
            live = await live_sessions(repository, subject)
            assert live == opened[3:], f"after {turns} turns and the same call, other sessions are live than the last 2"

    async def test_cancelled_set_cut_off_can_be_repeated(self, repository: SessionRepository) -> None:
        """After a cancelled ``set_cut_off`` and the same call, exactly the sessions until then are over."""
        for number, turns in enumerate(CANCELLED_AFTER):
            cut_off = int(NOW) + 10 * number
            before, after = began_at(2 * number, cut_off + 0.5), began_at(2 * number + 1, cut_off + 1.0)
            for session in (before, after):
                await repository.add(session)
            await _cancel_after(repository.set_cut_off(cut_off), turns)
            found = await stored(repository, before)
            assert found in (before, before.ended_by(cut_off)), f"a session is half ended after {turns} turns"
            await repository.set_cut_off(cut_off)
            assert_same(await repository.find(before.session_id), before.ended_by(cut_off))
            assert_same(await repository.find(after.session_id), after)
            assert await live_sessions(repository, now=cut_off + 2.0) == [after], "the list has ended sessions"


async def _set_version(sessions: SessionRepository, session: Session, *, expected_version: int) -> bool:
    return await sessions.set_credential_version(
        session.session_id, expected_version=expected_version, credential_version=10, now=LATER
    )


async def _any(ended: Awaitable[Sequence[Session]]) -> bool:
    """Return whether a session was revoked."""
    return bool(await ended)


async def _contents(sessions: SessionRepository) -> list[object]:
    """Return all that the port shows of the store."""
    return [
        *[await sessions.find(each.session_id) for each in (LIVE, REVOKED, UNKNOWN, CUT)],
        await live_sessions(sessions, LIVE.subject),
        await revocations(sessions, 0.0),
        await sessions.find_cut_off(),
    ]


async def _cancel_after(act: Coroutine[object, object, object], turns: int) -> None:
    task = asyncio.create_task(act)
    for _ in range(turns):
        await asyncio.sleep(0)
    task.cancel()
    with suppress(asyncio.CancelledError):
        await task
