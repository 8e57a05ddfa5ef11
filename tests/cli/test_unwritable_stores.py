"""Starts on stores that take no changes: each is refused with one line that says how to mend it."""

import os
import shutil
import sqlite3
import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Final

import pytest

from tests.servers.ports import free_port
from tests.servers.valkey import running_valkey
from tests.system.backends import settings_with_key
from tests.system.processes import ROOT, run
from tests.system.store_faults import SECRET, postgres_store, read_only, valkey_store

from .test_faults import faults

AS_ANYBODY: Final = ("setpriv", "--bounding-set=-dac_override,-dac_read_search", "--inh-caps=-all")
"""Root may write to every file, unless it gives up this right."""


def serve(settings: dict[str, str], **more: str) -> str:
    """Run the service, which does not start, without rights that other users lack. Return the line that it prints."""
    command = AS_ANYBODY if os.getuid() == 0 else ()
    if command and shutil.which(command[0]) is None:
        pytest.skip("setpriv is not installed")
    variables = {f"KEYTURN_{name}": value for name, value in {"PORT": "0", **settings, **more}.items()}
    failed = run(*command, sys.executable, "-m", "app", "serve", directory=ROOT, variables=variables)
    (line,) = faults(failed)
    assert "listens at" not in failed.stdout
    assert SECRET not in failed.stderr
    return line


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[Path]:
    """Return a folder for a database, which can be deleted afterwards."""
    folder = tmp_path / "database"
    folder.mkdir()
    yield folder
    folder.chmod(0o700)


def sqlite_settings(folder: Path, *, prepared: bool = True) -> dict[str, str]:
    """Return the settings for a database in a folder, which exists if it is ``prepared``."""
    settings = settings_with_key(folder.parent) | {"DATABASE_URL": f"sqlite:///{folder}/keyturn.db"}
    if prepared:
        variables = {f"KEYTURN_{name}": value for name, value in settings.items()}
        assert run(sys.executable, "-m", "app", "database", "upgrade", variables=variables).returncode == 0
    return settings


@pytest.mark.parametrize("workers", ["1", "2"])
def test_a_file_that_cannot_be_written(folder: Path, workers: str) -> None:
    """The line says that the file is read-only, and who needs to write to it."""
    settings = sqlite_settings(folder)
    (folder / "keyturn.db").chmod(0o444)
    line = serve(settings, WORKERS=workers)
    assert line.startswith(f"KEYTURN_DATABASE_URL: the SQLite file {folder}/keyturn.db cannot be used. SQLite: ")
    assert "readonly database" in line
    assert line.endswith("write to the database file, to those beside it, and to their folder.")


@pytest.mark.parametrize("prepared", [False, True])
def test_a_folder_that_cannot_be_written(folder: Path, *, prepared: bool) -> None:
    """The line says so for a new database and for one that exists: SQLite needs files beside it."""
    settings = sqlite_settings(folder, prepared=prepared)
    folder.chmod(0o555)
    line = serve(settings)
    assert line.startswith(f"KEYTURN_DATABASE_URL: the SQLite file {folder}/keyturn.db cannot be used. SQLite: ")
    assert "folder" in line


def test_a_damaged_file(folder: Path) -> None:
    """The line has the sentence of SQLite, and says how to restore a backup."""
    settings = sqlite_settings(folder)
    file = folder / "keyturn.db"
    content = bytearray(file.read_bytes())
    content[4096:] = bytes(len(content) - 4096)
    file.write_bytes(content)
    line = serve(settings)
    assert "malformed" in line
    assert "put a backup in its place" in line


def test_a_log_of_another_file(folder: Path) -> None:
    """A backup that was copied over a file in use, beside the log of that file, is refused and not damaged."""
    settings = sqlite_settings(folder)
    file, backup = folder / "keyturn.db", folder.parent / "backup"
    with closing(sqlite3.connect(file, isolation_level=None)) as connection:
        connection.execute(f"VACUUM INTO '{backup}'")
        connection.execute("PRAGMA user_version=7")
        log = (folder / "keyturn.db-wal").read_bytes()
    shutil.copyfile(backup, file)
    (folder / "keyturn.db-wal").write_bytes(log)
    before = file.read_bytes()
    line = serve(settings)
    assert "the write-ahead log beside the database file belongs to another file" in line
    assert "delete the files beside it that end in -wal and -shm" in line
    assert file.read_bytes() == before
    (folder / "keyturn.db-wal").unlink()
    variables = {f"KEYTURN_{name}": value for name, value in settings.items()}
    assert run(sys.executable, "-m", "app", "database", "upgrade", variables=variables).returncode == 0


def test_a_server_of_postgresql_that_only_reads(tmp_path: Path) -> None:
    """The line names the primary or the setting as the mend."""
    with postgres_store(tmp_path) as store:
        variables = {f"KEYTURN_{name}": value for name, value in store.settings.items()}
        assert run(sys.executable, "-m", "app", "database", "upgrade", variables=variables).returncode == 0
        with read_only("DATABASE keyturn")(store):
            line = serve({**store.settings})
    assert "cannot execute INSERT in a read-only transaction (25006)" in line
    assert "Name the primary in KEYTURN_DATABASE_URL, or set default_transaction_read_only to off" in line


def test_a_replica_of_valkey(tmp_path: Path) -> None:
    """The line says to name the primary."""
    with running_valkey(tmp_path / "valkey") as server:
        server.execute("REPLICAOF", "127.0.0.1", free_port())
        settings = {"DATABASE_URL": f"sqlite:///{tmp_path}/users.db", "SESSION_URL": server.url}
        assert "is a replica, which takes no writes; name the primary" in serve(settings_with_key(tmp_path) | settings)


@pytest.mark.parametrize(
    ("command", "mend"),
    [
        (("CONFIG", "SET", "maxmemory", "1"), "Raise maxmemory of the server."),
        (("CONFIG", "SET", "min-replicas-to-write", "1"), "Bring the replicas back"),
        (("ACL", "SETUSER", "keyturn", "-@scripting"), "EVAL, EVALSHA"),
        (("ACL", "SETUSER", "keyturn", "-hset"), "the commands of sessions"),
    ],
)
def test_a_valkey_that_takes_no_writes(tmp_path: Path, command: tuple[str, ...], mend: str) -> None:
    """The line has the error of the server and its mend."""
    with valkey_store(tmp_path) as store:
        store.valkey.execute(*command)
        line = serve({**store.settings})
    assert line.startswith("Redis at 127.0.0.1 port ")
    assert mend in line
