"""``keyturn users``, on a database of its own."""

import io
from collections.abc import Sequence
from pathlib import Path

import pytest

from app.cli import main

PASSWORD = "correct horse battery"  # noqa: S105  # a test's


class Users:
    """The command, on a database of its own."""

    def __init__(self, database: Path, monkeypatch: pytest.MonkeyPatch, captured: pytest.CaptureFixture[str]) -> None:
        self._environment = {
            "KEYTURN_DATABASE_URL": f"sqlite:///{database}",
            "KEYTURN_PASSWORD_HASH_MEMORY": "8192",
            "KEYTURN_PASSWORD_HASH_ITERATIONS": "1",
        }
        self._monkeypatch = monkeypatch
        self._captured = captured
        self.database = database
        self.stdin: type[io.StringIO] = io.StringIO

    def run(self, *arguments: str, typed: str = f"{PASSWORD}\n") -> tuple[int, Sequence[str], str]:
        """Run a command that reads ``typed``; return its exit status, the lines it printed, and its complaint."""
        self._monkeypatch.setattr("sys.stdin", self.stdin(typed))
        status = main(["users", *arguments], self._environment)
        said = self._captured.readouterr()
        return status, said.out.splitlines(), said.err
