"""Sessions in a file that several processes use without a lock."""

import asyncio
import pickle
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any
from uuid import uuid4

from app.domain.identifiers import SessionId, Subject
from app.domain.sessions.session import Session
from app.ports.session_repository import SessionRepository
from app.testing.sessions import FakeSessionRepository


class UnlockedFile(FakeSessionRepository):
    """Each act reads the file, changes the content, lets other tasks run, and writes all of it back."""

    def __init__(self, file: Path) -> None:
        super().__init__()
        self._file = file

    async def add(self, session: Session) -> None:
        self._read()
        await super().add(session)
        await self._write()

    async def find(self, session_id: SessionId) -> Session | None:
        self._read()
        return await super().find(session_id)

    async def advance(self, session_id: SessionId, **swap: Any) -> bool:
        self._read()
        won = await super().advance(session_id, **swap)
        await self._write()
        return won

    async def revoke(self, session_id: SessionId, **why: Any) -> bool:
        self._read()
        won = await super().revoke(session_id, **why)
        await self._write()
        return won

    async def revoke_subject(self, subject: Subject, **how: Any) -> Sequence[Session]:
        self._read()
        ended = await super().revoke_subject(subject, **how)
        await self._write()
        return ended

    async def set_cut_off(self, cut_off: int) -> None:
        self._read()
        await super().set_cut_off(cut_off)
        await self._write()

    def _read(self) -> None:
        if self._file.exists():
            # This test wrote the file.
            self.stored, self.cut_off = pickle.loads(self._file.read_bytes())  # noqa: S301

    async def _write(self) -> None:
        content = dict(self.stored), self.cut_off
        await asyncio.sleep(0.01)
        unfinished = self._file.with_name(uuid4().hex)
        unfinished.write_bytes(pickle.dumps(content))
        unfinished.replace(self._file)


@asynccontextmanager
async def open_unlocked(file: Path) -> AsyncIterator[SessionRepository]:
    """Open the file."""
    yield UnlockedFile(file)
