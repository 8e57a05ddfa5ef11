"""The doctor leaves nothing behind, and prints no secret."""

import asyncio
import json
import sqlite3
from contextlib import closing
from dataclasses import fields
from pathlib import Path

import pytest

from app.adapters.keys.directory import create_key_file
from app.cli import main
from app.service.open_stores import prepare_stores
from app.service.settings import Settings
from tests.servers.postgres import Postgres
from tests.servers.valkey import Valkey

from .examined import examined, faults, texts

_CANARY = "canary7hunter"
_NEW = "The store can be reached: it is empty, and the start creates its schema, of revision"


async def test_a_new_file_of_sqlite(tmp_path: Path) -> None:
    """The doctor tries a new database in a file beside it, which is gone afterwards."""
    found = await examined({"PORT": "0", "DATABASE_URL": f"sqlite:///{tmp_path}/keyturn.db"})
    assert [text.startswith(_NEW) for _, text in texts(found, "users")] == [True]
    assert not faults(found)
    assert _files(tmp_path) == []


async def test_a_unix_socket(tmp_path: Path) -> None:
    """The doctor can listen there, and nothing of it is left."""
    found = await examined({"HOST": f"unix:{tmp_path}/keyturn.sock"})
    assert ("ok", f"The service can listen on unix:{tmp_path}/keyturn.sock.") in [
        (each.level.value, each.text) for each in found
    ]
    assert _files(tmp_path) == []


async def test_a_file_of_sqlite_in_use(tmp_path: Path) -> None:
    """A database keeps its contents and its mode."""
    file, settings = tmp_path / "keyturn.db", {"DATABASE_URL": f"sqlite:///{tmp_path}/keyturn.db", "PORT": "0"}
    await prepare_stores(Settings.from_environment({"KEYTURN_DATABASE_URL": settings["DATABASE_URL"]}))
    before = _contents(file), file.stat().st_mode, _files(tmp_path)
    assert not faults(await examined(settings))
    assert (_contents(file), file.stat().st_mode, _files(tmp_path)) == before


async def test_a_database_that_would_be_upgraded(tmp_path: Path) -> None:
    """An older schema is a warning that names both revisions. The doctor does not upgrade it."""
    file, settings = tmp_path / "keyturn.db", {"DATABASE_URL": f"sqlite:///{tmp_path}/keyturn.db", "PORT": "0"}
    await prepare_stores(Settings.from_environment({"KEYTURN_DATABASE_URL": settings["DATABASE_URL"]}))
    with closing(sqlite3.connect(file)) as database, database:
        database.execute("UPDATE keyturn_version SET version_num = '0005'")
    before = _contents(file)
    [(level, text)] = texts(await examined({**settings, "KEY_ENCRYPTION_KEY": "A" * 43}), "users")
    assert level == "warning"
    assert "its schema is of revision 0005, and the start upgrades it to" in text
    assert _contents(file) == before


async def test_a_server_of_postgresql(postgres: Postgres) -> None:
    """A new database stays without tables; one with a schema gets no row."""
    postgres.execute("CREATE DATABASE examined")
    url = f"postgresql://postgres@127.0.0.1:{postgres.port}/examined"
    settings = {"PORT": "0", "DATABASE_URL": url, "KEY_ENCRYPTION_KEY": "A" * 43}
    found = await examined(settings)
    assert not faults(found)
    assert texts(found, "signing keys") == [("ok", "The start makes the first key.")]
    assert postgres.execute("SELECT count(*) FROM pg_tables WHERE schemaname = 'public'", "examined").strip() == "0"
    await prepare_stores(Settings.from_environment({"KEYTURN_DATABASE_URL": url}))
    postgres.execute("DELETE FROM budgets", "examined")
    assert not faults(await examined(settings))
    assert postgres.execute("SELECT count(*) FROM budgets", "examined").strip() == "0"
    assert postgres.execute("SELECT count(*) FROM signing_keys", "examined").strip() == "0"


async def test_a_server_of_valkey(valkey: Valkey) -> None:
    """No key is left."""
    valkey.execute("FLUSHALL")
    found = await examined({"PORT": "0", "SESSION_URL": valkey.url})
    assert not faults(found)
    assert [level for level, _ in texts(found, "sessions")] == ["warning", "ok"]
    assert valkey.execute("DBSIZE") == 0


async def test_too_many_connections(postgres: Postgres, valkey: Valkey) -> None:
    """Connections of all workers that the server would refuse are a warning; those of the other store are not."""
    many = {"WORKERS": "100", "KEY_ENCRYPTION_KEY": "A" * 43}
    found = await examined({"PORT": "0", "DATABASE_URL": postgres.url(), "SESSION_URL": valkey.url, **many})
    [(first, text), (second, _)] = texts(found, "connections")
    assert (first, second) == ("warning", "ok")
    assert "up to 1000 connections" in text


def test_exit_status_and_json(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The status is 1 with a fault and 0 without one. JSON has an object for each line of the text but the last."""
    sound = {"KEYTURN_PORT": "0"}
    assert main(["doctor"], sound) == 0
    *lines, last = capsys.readouterr().out.splitlines()
    assert last.startswith("No faults, ")
    assert main(["doctor", "--json"], sound) == 0
    objects = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [f"{each['level']:<8} {each['check']}: {each['text']}" for each in objects] == lines
    assert main(["doctor"], {**sound, "KEYTURN_KEYS_DIR": str(tmp_path / "missing")}) == 1
    printed = capsys.readouterr()
    assert "fault    signing keys: KEYTURN_KEYS_DIR: the key directory" in printed.out
    assert printed.err.startswith("Faults: 1.")
    assert main(["doctor", "--url", f"https://alice:{_CANARY}@id.example"], sound) == 1
    assert _CANARY not in "".join(capsys.readouterr())


def test_no_secret_is_printed(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Secrets are not printed, whether they are valid or not, and whether they come from variables or files."""
    secrets = [each.metadata["name"] for each in fields(Settings) if each.metadata["secret"]]
    assert len(secrets) >= 6
    keys = create_key_file(tmp_path / "keys", bits=2048, passphrase=_CANARY, activates_at=0).parent
    file = tmp_path / "secret"
    file.write_text(_CANARY)
    every = {
        "KEYTURN_DATABASE_URL": f"postgresql://alice:{_CANARY}@127.0.0.1:1/keyturn",
        "KEYTURN_SESSION_URL": f"redis://alice:{_CANARY}@127.0.0.1:1",
        "KEYTURN_KEYS_DIR": str(keys),
        "KEYTURN_KEY_PASSPHRASE": f"{_CANARY}x",
        "KEYTURN_BOOTSTRAP_USERNAME": _CANARY,
        "KEYTURN_BOOTSTRAP_PASSWORD": _CANARY,
    }
    cases = [{name: _CANARY} for name in secrets]
    cases += [{f"{name}_FILE": str(file)} for name in secrets]
    cases += [{**dict.fromkeys(secrets, _CANARY)}, every]
    for case in cases:
        for arguments in (["doctor"], ["doctor", "--json"]):
            main(arguments, {"KEYTURN_PORT": "0", **case})
            printed = capsys.readouterr()
            assert _CANARY not in printed.out + printed.err, case


def test_a_read_only_folder_of_keys(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Keys that the service cannot replace are a warning; without an active key they are a fault."""
    monkeypatch.setattr("app.service.doctor.keys.os.access", lambda *_: False)
    create_key_file(tmp_path, bits=2048, passphrase=None, activates_at=0)
    [(level, text)] = texts(asyncio.run(examined({"PORT": "0", "KEYS_DIR": str(tmp_path)})), "signing keys")
    assert level == "warning"
    assert "KEYTURN_KEY_ROTATION_PERIOD=0" in text
    next(tmp_path.glob("*.pem")).rename(tmp_path / "2096-01-01T000000Z.pem")
    [(level, text)] = texts(asyncio.run(examined({"PORT": "0", "KEYS_DIR": str(tmp_path)})), "signing keys")
    assert level == "fault"
    assert text.startswith("No signing key is active")


def _files(folder: Path) -> list[Path]:
    return sorted(folder.iterdir())


def _contents(file: Path) -> list[str]:
    with closing(sqlite3.connect(file)) as database:
        return list(database.iterdump())
