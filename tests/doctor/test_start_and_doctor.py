"""The start and the doctor agree: what the start refuses, the doctor calls a fault, in the same words."""

import asyncio
import os
import shutil
import sqlite3
import sys
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Final

import pytest

from app.adapters.keys.directory import create_key_file
from app.service.open_stores import prepare_stores
from app.service.settings import Settings
from tests.cli.test_faults import faults as printed_faults
from tests.cli.test_unwritable_stores import AS_ANYBODY
from tests.servers.ports import free_port
from tests.servers.postgres import Postgres
from tests.servers.valkey import Valkey
from tests.system.processes import run

from .examined import Start, assert_they_agree, examined, faults

_NEEDS_EXTRA: Final = (
    "app.service.workers.arbiter",
    "app.service.workers.worker",
    "app.service.workers.configuration",
    "app.adapters.telemetry.prometheus",
    "app.adapters.http.server.tracing",
    "app.adapters.redis",
    "app.adapters.sql",
)
"""Modules that import packages of extras."""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Return a folder with a key, and with files that are no keys and no databases."""
    create_key_file(tmp_path / "keys", bits=2048, passphrase=None, activates_at=0)
    create_key_file(tmp_path / "future", bits=2048, passphrase=None, activates_at=4_000_000_000)
    (tmp_path / "empty").mkdir()
    (tmp_path / "text").write_text("hunter-two " * 500)
    (tmp_path / "text").chmod(0o600)
    (tmp_path / "open").write_text("hunter-two")
    (tmp_path / "open").chmod(0o644)
    return tmp_path


@pytest.mark.parametrize(
    "settings",
    [
        {"PORTT": "1", "LOG_LEVEL": "loud", "KEY_ENCRYPTION_KEY": "hunter-two"},
        {"PORTT": "1", "WORKERS": "2", "REPLAY_WINDOW": "10m", "BOOTSTRAP_USERNAME": "alice"},
        {"ISSUER": "http://id.example", "SESSION_REPLICAS": "1", "METRICS_PORT": "8080", "PORT": "8080"},
        {"SIGNING_KEY": "hunter-two"},
        {"SIGNING_KEY_FILE": "{folder}/missing.pem"},
        {"SIGNING_KEY_FILE": "{folder}/text"},
        {"SIGNING_KEY_FILE": "{folder}/open"},
        {"KEYS_DIR": "{folder}/missing"},
        {"KEYS_DIR": "{folder}/empty"},
        {"KEY_PASSPHRASE": "hunter-two", "KEYS_DIR": "{folder}/keys"},
        {"HOST": "192.0.2.1"},
        {"HOST": "unix:{folder}/text"},
        {"HOST": "unix:{folder}/missing/keyturn.sock"},
        {"METRICS_HOST": "192.0.2.1", "METRICS_PORT": "0"},
        {"BOOTSTRAP_USERNAME": "x" * 256, "BOOTSTRAP_PASSWORD": "hunter-two-hunter-two"},
        {"BOOTSTRAP_USERNAME": "alice", "BOOTSTRAP_PASSWORD": "hunter"},
        {"DATABASE_URL": "sqlite:///{folder}/new.db", "BOOTSTRAP_USERNAME": "a", "BOOTSTRAP_PASSWORD": "password"},
        {"DATABASE_URL": "mysql://keyturn:hunter-two@127.0.0.1/keyturn"},
        {"DATABASE_URL": "redis://:hunter-two@127.0.0.1"},
        {"DATABASE_URL": "sqlite:///{folder}/missing/keyturn.db"},
        {"DATABASE_URL": "sqlite:///{folder}/text"},
        {"DATABASE_URL": "sqlite:///{folder}"},
        {"DATABASE_URL": "postgresql://keyturn:hunter-two@127.0.0.1:{port}/keyturn"},
        {"SESSION_URL": "redis://:hunter-two@127.0.0.1:{port}"},
        {"DATABASE_URL": "postgresql://keyturn:hunter@2two@127.0.0.1/keyturn", "SESSION_URL": "redis://h/prod"},
        {"DATABASE_URL": "postgresql://127.0.0.1/keyturn?sslmode=wrong&password=hunter-two"},
        {"SESSION_URL": "rediss://:hunter-two@127.0.0.1:{port}?ssl_ca_certs={folder}/missing"},
    ],
)
def test_a_refused_start_is_a_fault(folder: Path, start: Start, settings: dict[str, str]) -> None:
    """The doctor has each sentence of the start, and neither has the secret."""
    port = free_port()
    settings = {name: value.format(folder=folder, port=port) for name, value in settings.items()}
    for line in assert_they_agree(start, settings):
        assert "hunter" not in line


@pytest.mark.parametrize(
    "package",
    ["gunicorn", "prometheus_client", "opentelemetry", "redis", "sqlalchemy", "alembic", "asyncpg", "greenlet"],
)
def test_a_missing_package_is_a_fault(
    folder: Path, start: Start, monkeypatch: pytest.MonkeyPatch, package: str
) -> None:
    """The sentence names the extra."""
    for name, module in list(sys.modules.items()):
        if name.partition(".")[0] == package or name.startswith(_NEEDS_EXTRA):
            parent, _, last = name.rpartition(".")
            if parent in sys.modules:  # a new import replaces the attribute of the parent, too
                monkeypatch.setattr(sys.modules[parent], last, module, raising=False)
            monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, package, None)
    settings = {
        "gunicorn": {"WORKERS": "2", "KEYS_DIR": f"{folder}/keys", "DATABASE_URL": f"sqlite:///{folder}/keyturn.db"},
        "prometheus_client": {"METRICS_PORT": "0"},
        "opentelemetry": {"TRACES": "1"},
        "redis": {"SESSION_URL": "redis://127.0.0.1"},
        "sqlalchemy": {"DATABASE_URL": f"sqlite:///{folder}/keyturn.db"},
        "alembic": {"DATABASE_URL": f"sqlite:///{folder}/keyturn.db"},
        "asyncpg": {"DATABASE_URL": "postgresql://127.0.0.1:1/keyturn"},
        "greenlet": {"DATABASE_URL": "postgresql://127.0.0.1:1/keyturn"},
    }[package]
    (line,) = assert_they_agree(start, settings)
    assert "pip install keyturn[" in line


def test_a_port_in_use_is_a_fault(start: Start, postgres: Postgres) -> None:
    """The sentence names the port and its setting."""
    (line,) = assert_they_agree(start, {"PORT": str(postgres.port)})
    assert "KEYTURN_PORT" in line


@pytest.mark.parametrize(
    "spoil",
    [
        lambda file: file.write_bytes(b"SQLite format 3\0" + bytes(5_000)),
        lambda file: _execute(file, "UPDATE keyturn_version SET version_num = '9999'"),
    ],
)
def test_a_database_of_sqlite_that_cannot_be_used(folder: Path, start: Start, spoil: Callable[[Path], object]) -> None:
    """A damaged file and a newer schema are faults. No file appears beside the database."""
    settings = {"DATABASE_URL": f"sqlite:///{folder}/keyturn.db"}
    asyncio.run(prepare_stores(Settings.from_environment({"KEYTURN_DATABASE_URL": settings["DATABASE_URL"]})))
    spoil(folder / "keyturn.db")
    before = sorted(each.name for each in folder.iterdir())
    assert_they_agree(start, settings)
    assert sorted(each.name for each in folder.iterdir()) == before


@pytest.mark.parametrize("closed", ["file", "folder", "new folder"])
def test_a_database_of_sqlite_that_cannot_be_written(folder: Path, closed: str) -> None:
    """A file and a folder without permission to write are faults, also for a database that does not exist."""
    if os.getuid() == 0 and shutil.which(AS_ANYBODY[0]) is None:
        pytest.skip("setpriv is not installed")
    command = AS_ANYBODY if os.getuid() == 0 else ()
    url = f"sqlite:///{folder}/empty/keyturn.db"
    variables = {"KEYTURN_PORT": "0", "KEYTURN_DATABASE_URL": url}
    if closed != "new folder":
        asyncio.run(prepare_stores(Settings.from_environment({"KEYTURN_DATABASE_URL": url})))
    (folder / "empty" / "keyturn.db" if closed == "file" else folder / "empty").chmod(0o555)
    try:
        (line,) = printed_faults(run(*command, sys.executable, "-m", "app", "serve", variables=variables))
        found = run(*command, sys.executable, "-m", "app", "doctor", variables=variables)
    finally:
        (folder / "empty").chmod(0o700)
    assert f"fault    users: {line}" in found.stdout.splitlines(), [line, found]


@pytest.mark.parametrize(
    ("prepare", "user", "database"),
    [
        ((), "postgres", "missing"),
        (("CREATE DATABASE latin ENCODING 'LATIN1' LOCALE 'C' TEMPLATE template0",), "postgres", "latin"),
        (("CREATE ROLE weak LOGIN", "REVOKE CREATE ON SCHEMA public FROM PUBLIC"), "weak", "postgres"),
        (("CREATE ROLE locked",), "locked", "postgres"),
        (("CREATE ROLE reader LOGIN SUPERUSER", "ALTER ROLE reader SET default_transaction_read_only = on"), "reader",
         "postgres"),
    ],
)  # fmt: skip
def test_a_server_of_postgresql_that_cannot_be_used(
    start: Start, postgres: Postgres, prepare: tuple[str, ...], user: str, database: str
) -> None:
    """A missing database, one that lacks letters, a user without rights and a server that only reads are faults."""
    for statement in prepare:
        postgres.execute(statement)
    url = f"postgresql://{user}:hunter-two@127.0.0.1:{postgres.port}/{database}"
    (line,) = assert_they_agree(start, {"DATABASE_URL": url})
    assert "hunter" not in line


@pytest.mark.parametrize(
    ("spoil", "mend"),
    [
        (("CONFIG", "SET", "maxmemory-policy", "allkeys-lru"), ("CONFIG", "SET", "maxmemory-policy", "noeviction")),
        (("CONFIG", "SET", "maxmemory", "1"), ("CONFIG", "SET", "maxmemory", "0")),
        (("CONFIG", "SET", "requirepass", "other"), None),
    ],
)
def test_a_server_of_valkey_that_cannot_be_used(
    start: Start, valkey: Valkey, spoil: tuple[str, ...], mend: tuple[str, ...] | None
) -> None:
    """An eviction policy, a full memory and a wrong password are faults."""
    url = valkey.url
    if mend is None:
        url = f"redis://nobody:hunter-two@127.0.0.1:{valkey.port}"
    else:
        valkey.execute(*spoil)
    try:
        (line,) = assert_they_agree(start, {"SESSION_URL": url})
    finally:
        if mend is not None:
            valkey.execute(*mend)
    assert "hunter" not in line


def test_a_clock_that_is_wrong(postgres: Postgres, monkeypatch: pytest.MonkeyPatch) -> None:
    """A clock that is an hour ahead of the store's is a fault, in the sentence with which an instance is not ready."""
    monkeypatch.setattr("app.adapters.system.SystemClock.now", lambda _: time.time() + 3_600)
    found = faults(asyncio.run(examined({"PORT": "0", "DATABASE_URL": postgres.url()})))
    assert [each for each in found if "The clock of this machine" in each], found


def _execute(file: Path, statement: str) -> None:
    with closing(sqlite3.connect(file)) as database, database:
        database.execute(statement)
