"""Session repositories that keep what they read."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partialmethod
from pathlib import Path
from typing import Any, ClassVar

from app.ports.session_repository import SessionRepository

from .faulty_connections import Connection
from .faulty_processes import UnlockedFile


def keeping(*reads: str) -> type[Connection]:
    """Return a repository class whose connections keep the results of ``reads``, until they make a change."""

    class Keeps(Connection):
        def __init__(self) -> None:
            super().__init__()
            self.kept: dict[str, Any] = {}

        async def set_cut_off(self, cut_off: int) -> None:
            for each in self.others:
                each.cut_off = cut_off

    def kept(name: str) -> Any:
        async def read(self: Keeps, *args: Any, **keywords: Any) -> Any:
            place = repr((name, args, keywords))
            if place not in self.kept:
                self.kept[place] = await getattr(Connection, name)(self, *args, **keywords)
            return self.kept[place]

        return read

    return type("_".join(("keeping", *reads)), (Keeps,), {name: kept(name) for name in reads})


class ProcessKeepsReads(UnlockedFile):
    """Each process keeps the sessions that it has found, for all its connections."""

    kept: ClassVar[dict[str, Any]] = {}

    async def _read(self, name: str, *args: Any, **keywords: Any) -> Any:
        place = repr((self._file, name, args, keywords))
        if place not in self.kept:
            self.kept[place] = await super()._act(name, *args, **keywords)
        return self.kept[place]

    find = partialmethod(_read, "find")
    list_live_sessions = partialmethod(_read, "list_live_sessions")


@asynccontextmanager
async def open_keeping(file: Path) -> AsyncIterator[SessionRepository]:
    """Open the file."""
    yield ProcessKeepsReads(file)
