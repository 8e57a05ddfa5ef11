"""Fixtures of the tests of commands."""

from pathlib import Path

import pytest

from .users_command import Users


@pytest.fixture
def users(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Users:
    """Return the commands of ``keyturn users`` on a new database."""
    return Users(tmp_path / "keyturn.db", monkeypatch, capsys)
