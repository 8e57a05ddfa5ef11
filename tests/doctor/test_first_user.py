"""A service without users: nobody can sign in."""

import asyncio
from collections.abc import Mapping
from pathlib import Path
from typing import Final

import pytest

from app.adapters.keys.directory import create_key_file
from app.service.open_stores import prepare_stores
from app.service.settings import Settings
from tests.cli.users_command import Users
from tests.system.processes import running

from .examined import examined, texts

_SENTENCE: Final = (
    "There is no user yet. Make an administrator: ./scripts/keyturn users add NAME --scope 'account keyturn:admin'"
)


def _found(settings: Mapping[str, str]) -> list[tuple[str, str]]:
    return texts(asyncio.run(examined({"PORT": "0", **settings})), "first user")


def test_a_store_without_users_is_a_warning(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """The doctor says how to make an administrator, for a new store and for an empty one, until there is a user."""
    users = Users(tmp_path / "keyturn.db", monkeypatch, capsys)
    url = {"DATABASE_URL": f"sqlite:///{users.database}"}
    assert _found(url) == [("warning", _SENTENCE)]
    asyncio.run(prepare_stores(Settings.from_environment({"KEYTURN_DATABASE_URL": url["DATABASE_URL"]})))
    assert _found(url) == [("warning", _SENTENCE)]
    users.run("add", "alice")
    assert _found(url) == [("ok", "There are users.")]


def test_several_workers_say_it_once(tmp_path: Path) -> None:
    """A service without a terminal logs the sentence as a warning, once for all workers."""
    create_key_file(tmp_path / "keys", bits=2048, passphrase=None, activates_at=0)
    settings = {"WORKERS": "2", "DATABASE_URL": f"sqlite:///{tmp_path}/keyturn.db", "KEYS_DIR": f"{tmp_path}/keys"}
    with running(tmp_path, settings, without=("BOOTSTRAP_USERNAME", "BOOTSTRAP_PASSWORD")) as service:
        assert service.url
        assert service.log().count(_SENTENCE) == 1


def test_users_in_memory_come_from_the_settings() -> None:
    """The doctor knows the user that a start on loopback makes, and says which settings help another one."""
    assert _found({})[0][0] == "ok"
    [(level, text)] = _found({"HOST": "0.0.0.0", "ISSUER": "https://id.example"})  # noqa: S104  # all addresses
    assert level == "warning"
    assert "KEYTURN_BOOTSTRAP_USERNAME" in text
