"""Sessions in a file that several processes use without a lock."""

import asyncio
import pickle
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partialmethod
from pathlib import Path
from typing import Any
from uuid import uuid4

from app.ports.session_repository import SessionRepository
from app.testing.sessions import FakeSessionRepository


class UnlockedFile(FakeSessionRepository):
    """Each act reads the file, changes the content, lets other tasks run, and writes all of it back."""

    def __init__(self, file: Path) -> None:
        super().__init__()
        self._file = file

    async def _act(self, name: str, *args: Any, **keywords: Any) -> Any:
        content = FakeSessionRepository()
        if self._file.exists():
            # This test wrote the file.
            content.stored, content.cut_off = pickle.loads(self._file.read_bytes())  # noqa: S301
        result = await getattr(content, name)(*args, **keywords)
        if not name.startswith(("find", "list")):
            await asyncio.sleep(0.01)
            self._write(content)
        return result

    add = partialmethod(_act, "add")
    find = partialmethod(_act, "find")
    advance = partialmethod(_act, "advance")
    revoke = partialmethod(_act, "revoke")
    revoke_subject = partialmethod(_act, "revoke_subject")
    revoke_excess = partialmethod(_act, "revoke_excess")
    set_cut_off = partialmethod(_act, "set_cut_off")
    list_live_sessions = partialmethod(_act, "list_live_sessions")
    list_revocations = partialmethod(_act, "list_revocations")
    find_cut_off = partialmethod(_act, "find_cut_off")

    def _write(self, content: FakeSessionRepository) -> None:
        unfinished = self._file.with_name(uuid4().hex)
        unfinished.write_bytes(pickle.dumps((content.stored, content.cut_off)))
        unfinished.replace(self._file)


@asynccontextmanager
async def open_unlocked(file: Path) -> AsyncIterator[SessionRepository]:
    """Open the file."""
    yield UnlockedFile(file)
