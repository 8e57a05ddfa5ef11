"""Sessions in a store of keys and values pass the kit, over a SQLite file that has only the three operations."""

from functools import partial
from pathlib import Path

import pytest

from app.contracts.store import Blocked, Delayed, StoreContract

from .sqlite_client import SqliteKeyValueStore, no_row_changes, slow_answers


class TestKeyValueStore(StoreContract, make=SqliteKeyValueStore):
    """The base passes every contract of a store of sessions, between processes and after a SIGKILL, too."""

    @pytest.fixture
    def url(self, tmp_path: Path) -> str:
        return f"keyvalue:{tmp_path}/entries"

    @pytest.fixture
    def blocked(self, tmp_path: Path) -> Blocked:
        return partial(no_row_changes, tmp_path / "entries")

    @pytest.fixture
    def delayed(self) -> Delayed:
        return slow_answers
