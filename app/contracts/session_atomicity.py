"""The atomicity of a session repository: an act is done or not done, never half done."""

import asyncio
from collections.abc import Awaitable, Callable, Coroutine
from contextlib import suppress
from dataclasses import replace

import pytest

from ..domain.errors import AlreadyExists
from ..domain.identifiers import SessionId, Subject
from ..domain.sessions.session import RevocationReason, Session
from ..ports.session_repository import SessionRepository
from .kit import RepositoryContract
from .sessions import LATER, LIFETIME, NOW, advance, assert_same, new_session, rotated

LIVE, REVOKED, UNKNOWN = new_session(1), new_session(2), new_session(3)

REFUSED: dict[str, Callable[[SessionRepository], Awaitable[bool]]] = {
    "advance with another digest": lambda sessions: advance(sessions, LIVE),
    "advance of an unknown session": lambda sessions: advance(sessions, UNKNOWN),
    "advance of a revoked session": lambda sessions: advance(sessions, REVOKED),
    "advance after the idle expiry": lambda sessions: advance(sessions, rotated(LIVE), now=NOW + LIFETIME / 2),
    "advance after the expiry": lambda sessions: advance(sessions, rotated(LIVE), now=NOW + LIFETIME),
    "set_credential_version with another version": lambda sessions: _set_version(sessions, LIVE, expected_version=9),
    "set_credential_version of a revoked session": lambda sessions: _set_version(sessions, REVOKED, expected_version=3),
    "revoke of a revoked session": lambda sessions: _revoke(sessions, REVOKED.session_id, LATER + 9),
    "revoke of an unknown session": lambda sessions: _revoke(sessions, UNKNOWN.session_id, LATER + 9),
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
        await repository.add(LIVE)
        await repository.add(REVOKED)
        await advance(repository, LIVE)
        await _revoke(repository, REVOKED.session_id, LATER)
        before = await _contents(repository)
        assert await act(repository) is False
        assert await _contents(repository) == before
        assert await advance(repository, rotated(LIVE), now=LATER + 1)

    async def test_refused_add_changes_nothing(self, repository: SessionRepository) -> None:
        """The first session stays, and nothing of the second is stored or listed."""
        await repository.add(LIVE)
        before = await _contents(repository)
        with pytest.raises(AlreadyExists):
            await repository.add(replace(UNKNOWN, session_id=LIVE.session_id, subject=Subject("subject-2")))
        assert await _contents(repository) == before
        assert list(await repository.list_live_sessions(Subject("subject-2"), now=LATER)) == []
        assert await advance(repository, LIVE)

    async def test_cancelled_advance_is_done_or_not_done(self, repository: SessionRepository) -> None:
        """A cancelled swap is stored with all its fields, or not at all."""
        for number, turns in enumerate(CANCELLED_AFTER):
            session = new_session(number)
            await repository.add(session)
            await _cancel_after(advance(repository, session), turns)
            assert await repository.find(session.session_id) in (session, rotated(session))

    async def test_cancelled_revoke_is_done_or_not_done(self, repository: SessionRepository) -> None:
        """A cancelled revocation is stored with time and reason, or not at all."""
        for number, turns in enumerate(CANCELLED_AFTER):
            session = new_session(number)
            await repository.add(session)
            await _cancel_after(_revoke(repository, session.session_id, LATER), turns)
            revoked = replace(session, revoked_at=LATER, revoked_because=RevocationReason.LOGOUT)
            assert await repository.find(session.session_id) in (session, revoked)

    async def test_cancelled_add_is_done_or_not_done(self, repository: SessionRepository) -> None:
        """After a cancelled ``add`` and a second one, the session is stored once and listed once."""
        for number, turns in enumerate(CANCELLED_AFTER):
            session = new_session(number, subject=Subject(f"subject-{number}"))
            await _cancel_after(repository.add(session), turns)
            with suppress(AlreadyExists):
                await repository.add(session)
            assert_same(await repository.find(session.session_id), session)
            assert list(await repository.list_live_sessions(session.subject, now=LATER)) == [session]


async def _revoke(sessions: SessionRepository, session_id: SessionId, now: float) -> bool:
    return await sessions.revoke(session_id, reason=RevocationReason.LOGOUT, now=now)


async def _set_version(sessions: SessionRepository, session: Session, *, expected_version: int) -> bool:
    return await sessions.set_credential_version(
        session.session_id, expected_version=expected_version, credential_version=10, now=LATER
    )


async def _contents(sessions: SessionRepository) -> list[object]:
    """Return all that the port shows of the store."""
    return [
        *[await sessions.find(each.session_id) for each in (LIVE, REVOKED, UNKNOWN)],
        list(await sessions.list_live_sessions(LIVE.subject, now=LATER)),
        list(await sessions.list_revocations(0.0)),
    ]


async def _cancel_after(act: Coroutine[object, object, object], turns: int) -> None:
    task = asyncio.create_task(act)
    for _ in range(turns):
        await asyncio.sleep(0)
    task.cancel()
    with suppress(asyncio.CancelledError):
        await task
