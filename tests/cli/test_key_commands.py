"""``keyturn keys``: list and change signing keys."""

import asyncio
import json
import re
import sqlite3
import time
from collections.abc import Callable
from contextlib import closing
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from app.adapters.keys.directory import create_key_file
from app.cli import main
from app.domain import base64url
from app.service.open_stores import prepare_stores
from app.service.settings import Settings
from tests.servers.ports import free_port

Run = Callable[..., str]

KEY, NEW_KEY = base64url.encode(bytes(range(32))), base64url.encode(bytes(range(32, 64)))


@pytest.fixture(params=["directory", "shared"])
def settings(request: pytest.FixtureRequest, tmp_path: Path) -> dict[str, str]:
    """Return settings for a directory with one key, and for a shared store."""
    if request.param == "directory":
        create_key_file(tmp_path / "keys", bits=2048, passphrase=None, activates_at=1_700_000_000)
        return {"KEYTURN_KEYS_DIR": str(tmp_path / "keys")}
    return {"KEYTURN_KEY_ENCRYPTION_KEY": KEY, **_database(tmp_path)}


def _database(folder: Path) -> dict[str, str]:
    """Return the setting of a database without keys."""
    store = {"KEYTURN_DATABASE_URL": f"sqlite:///{folder}/keyturn.db"}
    asyncio.run(prepare_stores(Settings.from_environment(store)))
    return store


@pytest.fixture
def run(settings: dict[str, str], capsys: pytest.CaptureFixture[str]) -> Run:
    """Return a function that runs a command, and returns its output, or standard error if it failed."""
    return _runner(settings, capsys)


def _runner(settings: dict[str, str], capsys: pytest.CaptureFixture[str]) -> Run:
    def run(*arguments: str, status: int = 0, **others: str) -> str:
        assert main(["keys", *arguments], {**settings, **others}) == status
        printed = capsys.readouterr()
        return printed.err if status else printed.out

    return run


@pytest.fixture
def run_directory(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Run:
    """Return the function ``run`` for a directory with one key."""
    create_key_file(tmp_path / "keys", bits=2048, passphrase=None, activates_at=1_700_000_000)
    return _runner({"KEYTURN_KEYS_DIR": str(tmp_path / "keys")}, capsys)


@pytest.fixture
def keys(run: Run) -> Callable[[], list[dict[str, Any]]]:
    """Return a function that lists the keys."""
    return lambda: [json.loads(line) for line in run("list", "--json").splitlines()]


Keys = Callable[[], list[dict[str, Any]]]


def test_rotate_prints_the_times_of_the_keys(run: Run, keys: Keys) -> None:
    """Each key has its state and times, as text and as JSON; the next key signs after the lead time."""
    run("rotate")
    printed = run("rotate")
    active, pending = keys()
    assert re.search(rf"^{active['kid']}  active .*, verifies until \S+$", printed, re.MULTILINE)
    assert re.search(rf"^{pending['kid']}  pending .*$", printed, re.MULTILINE)
    assert 635 <= pending["activates_at"] - pending["published_at"] <= 637
    assert active["gone_at"] == pending["activates_at"] + 900 + 600 + 30 + 5


def test_unsafe_changes_are_refused(run: Run, keys: Keys) -> None:
    """The error says when the change will be safe, and no key changes."""
    run("rotate")
    run("rotate")
    before = keys()
    assert "It is safe from 20" in run("rotate", "--at", "2026-01-01T00:00:00Z", status=1)
    assert "It is safe from 20" in run("retire", before[0]["kid"], status=1)
    assert "There is no key nobody" in run("retire", "nobody", status=1)
    assert keys() == before


@pytest.mark.parametrize(
    "moment", ["9999-12-31T23:59:59-14:00", "9999-12-31", "3000-01-01", "10000-01-01", "\u0662026-01-01"]
)
def test_a_time_out_of_range_is_refused(run: Run, keys: Keys, moment: str) -> None:
    """A time so late that later ones do not exist makes no key, so that the keys can still be listed."""
    run("rotate")
    before = keys()
    assert "--at" in run("rotate", "--at", moment, status=2)
    assert keys() == before


def test_a_compromised_key_is_removed(run: Run, keys: Keys) -> None:
    """The pending key signs at once."""
    run("rotate")
    run("rotate")
    active, pending = keys()
    assert active["kid"] not in run("compromised", active["kid"])
    [left] = keys()
    assert left["kid"] == pending["kid"]
    assert left["activates_at"] <= max(time.time(), active["activates_at"] + 1)


def test_all_sessions_end_with_a_compromised_key(run: Run, keys: Keys, tmp_path: Path) -> None:
    """With the option, the command says until when the ended sessions began. It ends after that second, so that a
    session which begins afterwards goes on.
    """
    run("rotate")
    run("rotate")
    active, pending = keys()
    store = _database(tmp_path)
    before = int(time.time())
    *_, printed = run("compromised", active["kid"], "--revoke-sessions", **store).splitlines()
    said = re.fullmatch(r"Every session that began until (\S+) has ended\.", printed)
    assert said is not None
    assert before <= datetime.fromisoformat(said[1]).timestamp() <= time.time() - 1
    *_, line = run("compromised", pending["kid"], "--revoke-sessions", "--json", **store).splitlines()
    cut_off = json.loads(line)
    assert cut_off.keys() == {"cut_off"}
    assert datetime.fromisoformat(said[1]).timestamp() < cut_off["cut_off"] <= int(time.time()) - 1


def test_sessions_end_although_the_key_is_gone(run: Run, keys: Keys, tmp_path: Path) -> None:
    """A command that dropped the key and could not end the sessions can be repeated. It says that there is no key."""
    run("rotate")
    [*_, pending] = keys()
    store = _database(tmp_path)
    before = int(time.time())
    assert "There is no key" in run("compromised", 43 * "a", "--revoke-sessions", status=1, **store)
    with closing(sqlite3.connect(tmp_path / "keyturn.db")) as database:
        [(cut_off,)] = database.execute("SELECT cut_off FROM session_cut_off")
    assert before <= cut_off < time.time()
    assert pending in keys()


def test_sessions_in_the_memory_of_a_service_are_not_said_to_have_ended(tmp_path: Path, run_directory: Run) -> None:
    """The key is removed. The command fails, and says how to end the sessions."""
    leaked = json.loads(run_directory("list", "--json"))["kid"]
    for others in ({}, {"KEYTURN_DATABASE_URL": f"sqlite:///{tmp_path}/a.db", "KEYTURN_SESSION_URL": "memory://"}):
        error = run_directory("compromised", leaked, "--revoke-sessions", status=1, **others)
        assert "restart it to end them" in error
        [left] = [json.loads(each)["kid"] for each in run_directory("list", "--json").splitlines()]
        assert left != leaked
        leaked = left


@pytest.mark.parametrize("kid", ["-" + 42 * "a", "--" + 41 * "a", "-" + 41 * "-" + "_"])
def test_the_id_of_a_key_may_begin_with_a_hyphen(run: Run, kid: str) -> None:
    """A key id that begins with a hyphen, as one of 64 does, is not taken for an option."""
    assert f"There is no key {kid};" in run("compromised", kid, "--json", "--revoke-sessions", status=1)
    assert f"There is no key {kid};" in run("retire", "--json", kid, status=1)


def test_an_imported_key_is_published(run: Run, keys: Keys, tmp_path: Path) -> None:
    """An imported key is published, and signs after the lead time."""
    run("rotate")
    mine = create_key_file(tmp_path / "mine", bits=2048, passphrase=None, activates_at=0)
    run("import", str(mine))
    *_, imported = keys()
    assert imported["state"] == "pending"
    assert "stored already" in run("import", str(mine), status=1)


def test_export_prints_public_keys_only(run: Run, keys: Keys) -> None:
    """The JWK Set has all keys, and no private member."""
    run("rotate")
    exported = json.loads(run("export-public"))["keys"]
    assert [key["kid"] for key in exported] == [key["kid"] for key in keys()]
    assert all(key.keys() == {"alg", "e", "kid", "kty", "n", "use"} for key in exported)


def test_keys_move_to_a_shared_store(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Keys of a directory keep their times in the store; after re-encryption the old encryption key is not needed."""
    create_key_file(tmp_path / "keys", bits=2048, passphrase=None, activates_at=1_700_000_000)
    shared = {"KEYTURN_KEY_ENCRYPTION_KEY": KEY, "KEYTURN_DATABASE_URL": f"sqlite:///{tmp_path}/keyturn.db"}
    directory = {"KEYTURN_KEYS_DIR": str(tmp_path / "keys")}
    assert main(["keys", "rotate"], directory) == 0
    capsys.readouterr()
    assert main(["keys", "list", "--json"], directory) == 0
    there = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert main(["keys", "import", str(tmp_path / "keys")], shared) == 0
    capsys.readouterr()
    assert main(["keys", "reencrypt"], {**shared, "KEYTURN_KEY_ENCRYPTION_KEY": f"{NEW_KEY},{KEY}"}) == 0
    assert "2 keys were encrypted again." in capsys.readouterr().out
    assert main(["keys", "list", "--json"], {**shared, "KEYTURN_KEY_ENCRYPTION_KEY": NEW_KEY}) == 0
    assert [json.loads(line) for line in capsys.readouterr().out.splitlines()] == there
    assert main(["keys", "list"], shared) == 1
    assert KEY not in capsys.readouterr().err


@pytest.mark.parametrize("command", ["list", "rotate", "export-public"])
def test_generated_keys_cannot_be_listed(command: str, capsys: pytest.CaptureFixture[str]) -> None:
    """Keys that each process generates are refused, because another process has other keys."""
    assert main(["keys", command], {}) == 1
    assert "KEYTURN_KEYS_DIR" in capsys.readouterr().err


def test_a_key_of_the_environment_cannot_be_rotated(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A key of the environment is listed; the refusal to rotate it names the settings to give."""
    key = create_key_file(tmp_path, bits=2048, passphrase=None, activates_at=0)
    assert main(["keys", "list"], {"KEYTURN_SIGNING_KEY_FILE": str(key)}) == 0
    assert "  active    signs from always" in capsys.readouterr().out
    assert main(["keys", "rotate"], {"KEYTURN_SIGNING_KEY_FILE": str(key)}) == 1
    assert "cannot be changed here: set KEYTURN_KEYS_DIR" in capsys.readouterr().err


def test_a_key_is_removed_while_the_store_is_down(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A compromised key of a directory is removed even if the session store does not answer; then the command fails."""
    create_key_file(tmp_path, bits=2048, passphrase=None, activates_at=1_700_000_000)
    settings = {"KEYTURN_KEYS_DIR": str(tmp_path)}
    main(["keys", "list", "--json"], settings)
    leaked = json.loads(capsys.readouterr().out)["kid"]
    away = {**settings, "KEYTURN_DATABASE_URL": f"postgresql://127.0.0.1:{free_port()}/keyturn"}
    assert main(["keys", "compromised", leaked, "--revoke-sessions"], away) == 1
    assert "PostgreSQL" in capsys.readouterr().err
    main(["keys", "list"], settings)
    assert leaked not in capsys.readouterr().out


def test_encryption_keys_are_random(run: Run) -> None:
    """Each printed encryption key is different and has 32 bytes."""
    first, second = run("encryption-key").strip(), run("encryption-key").strip()
    assert first != second
    assert len(base64url.decode(first)) == len(base64url.decode(second)) == 32
