"""Session readers with faults, on fakes."""

import asyncio
from typing import Any

from app.domain.identifiers import SessionId
from app.domain.sessions.separate_reads import SeparateReads
from app.domain.sessions.session import Session
from app.ports.session_reader import SessionReader
from app.testing.sessions import FakeSessionRepository
from app.testing.users import FakeUserRepository

Read = tuple[Session | None, int | None]


class FakeReadDatabase(SessionReader):
    """Sessions, users, and a reader of both without a fault. A faulty one changes ``read``.

    Its acts take a step of the event loop, as those of a real store do.
    """

    def __init__(self) -> None:
        self.sessions = _SlowSessions()
        self.users = FakeUserRepository()
        self.session_reader = self

    async def read(self, session_id: SessionId) -> Read:
        return await SeparateReads(sessions=self.sessions, users=self.users).read(session_id)


class _SlowSessions(FakeSessionRepository):
    async def find(self, session_id: SessionId) -> Session | None:
        await asyncio.sleep(0)
        return await super().find(session_id)

    async def set_credential_version(self, session_id: SessionId, **changes: Any) -> bool:
        await asyncio.sleep(0)
        return await super().set_credential_version(session_id, **changes)


class ReadsTheUserFirst(FakeReadDatabase):
    """Reads the version before the session."""

    async def read(self, session_id: SessionId) -> Read:
        _, version = await super().read(session_id)
        await asyncio.sleep(0)
        return await self.sessions.find(session_id), version


class KeepsWhatItRead(FakeReadDatabase):
    """Reads each session once."""

    def __init__(self) -> None:
        super().__init__()
        self._kept: dict[SessionId, Read] = {}

    async def read(self, session_id: SessionId) -> Read:
        if session_id not in self._kept:
            self._kept[session_id] = await super().read(session_id)
        return self._kept[session_id]


class IgnoresDisabled(FakeReadDatabase):
    """Returns the version of a disabled user."""

    async def read(self, session_id: SessionId) -> Read:
        session, _ = await super().read(session_id)
        user = None if session is None else await self.users.find(session.subject)
        return session, None if user is None else user.credential_version


class IgnoresTheCutOff(FakeReadDatabase):
    """Reads the row of the session alone."""

    async def read(self, session_id: SessionId) -> Read:
        session, version = await super().read(session_id)
        return None if session is None else self.sessions.stored[session.session_id], version


class ReturnsAnyVersion(FakeReadDatabase):
    """Returns the version of a user who is not the session's."""

    async def read(self, session_id: SessionId) -> Read:
        session, _ = await super().read(session_id)
        return session, max(user.credential_version for user in self.users.stored.values())


class NeedsTheUser(FakeReadDatabase):
    """Finds no session without its user, as an inner join does."""

    async def read(self, session_id: SessionId) -> Read:
        session, version = await super().read(session_id)
        return (None, None) if version is None else (session, version)
