"""What tests of commands share."""

from pathlib import Path

import pytest

from .users_command import Users


@pytest.fixture
def users(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Users:
    """Return the command."""
    return Users(tmp_path / "keyturn.db", monkeypatch, capsys)
