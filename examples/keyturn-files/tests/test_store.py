"""The database in files passes the kit of Keyturn."""

import fcntl
import resource
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path

import pytest
from keyturn.contracts.store import Blocked, DatabaseContract, Delayed
from keyturn_files.database import FileDatabase


class TestFiles(DatabaseContract, make=FileDatabase):
    @pytest.fixture
    def url(self, tmp_path: Path) -> str:
        return f"files://{tmp_path}"

    @pytest.fixture
    def blocked(self) -> Blocked:
        return no_file_grows

    @pytest.fixture
    def delayed(self, tmp_path: Path) -> Delayed:
        return partial(another_act, tmp_path)


@contextmanager
def no_file_grows() -> Iterator[None]:
    """Let each write to a file of this process fail, as a quota does."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


@contextmanager
def another_act(folder: Path, _: float) -> Iterator[None]:
    """Hold the lock of the directory."""
    with (folder / "lock").open("ab") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
