"""The sessions in files pass the kit of Keyturn."""

import resource
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from functools import partial
from pathlib import Path

import pytest
from keyturn.contracts.blocked_writes import BlockedWrites
from keyturn.contracts.session_processes import Opener, SessionProcesses
from keyturn.contracts.session_repository import SessionRepositoryContract
from keyturn.contracts.session_store import OPTIONS, DurableStoreContract
from keyturn.contracts.session_sweeper import SessionSweeperContract
from keyturn.ports.session_store import StoreOptions
from keyturn_files.sessions import FileSessionRepository
from keyturn_files.store import FileStore


class SmallCounts:
    """Tell the kit to repeat each race only a few times."""

    def count(self, name: str, *, small: int, full: int) -> int:
        return small


@pytest.fixture
def proof() -> SmallCounts:
    return SmallCounts()


@asynccontextmanager
async def open_sessions(folder: Path) -> AsyncIterator[FileSessionRepository]:
    store = FileStore(f"files://{folder}", OPTIONS)
    await store.prepare()
    await store.open()
    yield store.sessions
    await store.close()


class TestSessions(SessionRepositoryContract, SessionSweeperContract):
    @pytest.fixture(autouse=True)
    def _folder(self, tmp_path: Path) -> None:
        self.folder = tmp_path

    async def connections(self, n: int) -> Sequence[FileSessionRepository]:
        return [FileStore(f"files://{self.folder}", OPTIONS).sessions for _ in range(n)]


class TestAcrossProcesses(SessionProcesses):
    @pytest.fixture(autouse=True)
    def _folder(self, tmp_path: Path) -> None:
        self.folder = tmp_path

    def opener(self) -> Opener:
        return partial(open_sessions, self.folder)


class TestBlockedWrites(BlockedWrites):
    @pytest.fixture(autouse=True)
    def _folder(self, tmp_path: Path) -> None:
        self.folder = tmp_path

    def store(self, options: StoreOptions = OPTIONS) -> FileStore:
        return FileStore(f"files://{self.folder}", options)

    @contextmanager
    def blocked(self) -> Iterator[None]:
        """Let each write to a file of this process fail, as a quota does."""
        before = resource.getrlimit(resource.RLIMIT_FSIZE)
        resource.setrlimit(resource.RLIMIT_FSIZE, (0, before[1]))
        try:
            yield
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, before)


class TestStore(DurableStoreContract):
    @pytest.fixture(autouse=True)
    def _folder(self, tmp_path: Path) -> None:
        self.folder = tmp_path

    def store(self, options: StoreOptions = OPTIONS) -> FileStore:
        return FileStore(f"files://{self.folder}", options)
