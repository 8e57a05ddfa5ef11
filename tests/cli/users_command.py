"""``keyturn users`` on a database for tests."""

import io
import sqlite3
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path

import pytest

from app.cli import main

PASSWORD = "correct horse battery"  # noqa: S105  # a test's


class Users:
    """Runs the commands on one database."""

    def __init__(self, database: Path, monkeypatch: pytest.MonkeyPatch, captured: pytest.CaptureFixture[str]) -> None:
        self._environment = {
            "KEYTURN_DATABASE_URL": f"sqlite:///{database}",
            "KEYTURN_PASSWORD_HASH_MEMORY": "8192",
            "KEYTURN_PASSWORD_HASH_ITERATIONS": "1",
        }
        self._monkeypatch = monkeypatch
        self._captured = captured
        self.database = database
        self.stdin: type[io.TextIOWrapper] = io.TextIOWrapper

    def rename(self, old: str, new: str) -> None:
        """Give a user a name that an older version accepted."""
        with closing(sqlite3.connect(self.database)) as database, database:
            database.execute("UPDATE users SET username = ? WHERE username = ?", (new, old))

    def run(self, *arguments: str, typed: str | bytes = f"{PASSWORD}\n") -> tuple[int, Sequence[str], str]:
        """Run a command whose standard input is ``typed``; return its exit status, printed lines and standard error."""
        raw = typed if isinstance(typed, bytes) else typed.encode()
        self._monkeypatch.setattr("sys.stdin", self.stdin(io.BytesIO(raw), encoding="ascii"))
        status = main(["users", *arguments], self._environment)
        printed = self._captured.readouterr()
        return status, printed.out.splitlines(), printed.err
