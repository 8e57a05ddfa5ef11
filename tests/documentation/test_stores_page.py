"""The page on stores: its commands back up users, but no sessions and no keys."""

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pytest

from app.adapters.sql.store import SqlStore
from app.contracts.encrypted_key_repository import new_key
from app.contracts.sessions import new_session
from app.contracts.user_repository import new_user
from app.ports.session_store import StoreOptions
from tests.servers.postgres import PROGRAMS, Postgres, running_postgres

from .console import examples

_COMMANDS: Final = [each.command for each in examples("docs/stores.md")]
_SQLITE3: Final = """
import sqlite3, sys
with sqlite3.connect(sys.argv[1], isolation_level=None) as database:
    for statement in sys.argv[2].split(";"):
        database.execute(statement)
"""
_OPTIONS: Final = StoreOptions(timeout=20.0)


@pytest.fixture(scope="module")
def postgres() -> Iterator[Postgres]:
    """Return a PostgreSQL server."""
    with running_postgres(durable=False) as server:
        yield server


async def fill(url: str) -> None:
    """Store a user, a session and a signing key."""
    store = SqlStore(url, _OPTIONS)
    await store.prepare()
    await store.open()
    await store.users.add(new_user())
    await store.sessions.add(new_session())
    await store.signing_keys.add(new_key())
    await store.close()


async def check_only_user_is_stored(url: str) -> None:
    """Check that the store has the user, no session and no key."""
    store = SqlStore(url, _OPTIONS)
    await store.open()
    assert await store.users.find_by_username(new_user().username) == new_user()
    assert await store.sessions.find(new_session().session_id) is None
    assert list(await store.signing_keys.list_keys()) == []
    await store.close()


async def test_backup_of_postgresql(postgres: Postgres, tmp_path: Path) -> None:
    """A backup that is restored into an empty database has the users, no session and no key."""
    for name in ("keyturn", "restored"):
        postgres.execute(f"CREATE DATABASE {name}")
    await fill(postgres.url("keyturn"))
    urls = {"KEYTURN_DATABASE_URL": postgres.url("keyturn"), "EMPTY_DATABASE_URL": postgres.url("restored")}
    run_all("pg_dump", tmp_path, urls | {"PATH": f"{PROGRAMS}:{os.environ['PATH']}"})
    await check_only_user_is_stored(postgres.url("restored"))
    assert (tmp_path / "keyturn.sql").stat().st_mode & 0o777 == 0o600


async def test_backup_of_sqlite(tmp_path: Path) -> None:
    """A backup that is made while the service runs has the users, no session and no key."""
    await fill(f"sqlite:///{tmp_path}/keyturn.db")
    run_all("sqlite3", tmp_path, {} if shutil.which("sqlite3") else sqlite3_substitute(tmp_path / "programs"))
    await check_only_user_is_stored(f"sqlite:///{tmp_path}/backup.db")
    assert (tmp_path / "backup.db").stat().st_mode & 0o777 == 0o600


def sqlite3_substitute(folder: Path) -> dict[str, str]:
    """Make a command ``sqlite3`` that runs its second argument on its first. Return a ``PATH`` with it."""
    folder.mkdir()
    program = folder / "sqlite3"
    program.write_text(f"#!{sys.executable}\n{_SQLITE3}")
    program.chmod(0o700)
    return {"PATH": f"{folder}:{os.environ['PATH']}"}


def run_all(tool: str, folder: Path, variables: dict[str, str]) -> None:
    """Run the commands of the example whose second command starts with ``tool``, in one shell."""
    second = next(place for place, command in enumerate(_COMMANDS) if command.startswith(tool))
    done = subprocess.run(
        ["/bin/sh", "-c", " && ".join(_COMMANDS[second - 1 : second + 2])],
        cwd=folder,
        env={**os.environ, **variables},
        capture_output=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
