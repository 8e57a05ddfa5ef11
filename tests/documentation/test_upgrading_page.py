"""The page on upgrades: its commands make and restore full copies, and it names the schema."""

import os
import shutil
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from app.adapters.redis.store import RedisStore
from app.adapters.sql.migration import newest_revision
from app.adapters.sql.store import SqlStore
from app.contracts.encrypted_key_repository import new_key
from app.contracts.sessions import new_session
from app.contracts.user_repository import new_user
from app.ports.session_store import StoreOptions
from tests.servers.postgres import PROGRAMS, running_postgres
from tests.servers.valkey import DURABLE, running_valkey

from .console import ROOT, examples
from .test_stores_page import sqlite3_substitute

_COMMANDS: Final = [each.command for each in examples("docs/upgrading.md")]
_OPTIONS: Final = StoreOptions(timeout=20.0)
_VALKEY_CLI: Final = """
import sys
from redis import Redis
assert sys.argv[1] == "-u"
print(Redis.from_url(sys.argv[2]).execute_command(*sys.argv[3:]))
"""


def test_page_names_the_schema() -> None:
    """The page names the newest schema."""
    assert f"`{newest_revision()}`" in (ROOT / "docs/upgrading.md").read_text()


async def test_full_copy_of_sqlite(tmp_path: Path) -> None:
    """The commands for SQLite restore a user, a session and a key, whatever was written since."""
    url = f"sqlite:///{tmp_path}/keyturn.db"
    await _fill(SqlStore(url, _OPTIONS))
    variables = {} if shutil.which("sqlite3") else sqlite3_substitute(tmp_path / "programs")
    _run("sqlite3", tmp_path, variables, before=1)
    await _lose(SqlStore(url, _OPTIONS))
    _run("rm -f keyturn.db-wal", tmp_path, variables, after=1)
    await _check_is_restored(SqlStore(url, _OPTIONS))
    assert (tmp_path / "full.db").stat().st_mode & 0o777 == 0o600


async def test_full_copy_of_postgresql(tmp_path: Path) -> None:
    """The commands for PostgreSQL do the same, in place and into an empty database."""
    with running_postgres(durable=False) as server:
        for name in ("keyturn", "empty"):
            server.execute(f"CREATE DATABASE {name} ENCODING 'UTF8' TEMPLATE template0")
        url, empty = server.url("keyturn"), server.url("empty")
        await _fill(SqlStore(url, _OPTIONS))
        path = {"PATH": f"{PROGRAMS}:{os.environ['PATH']}"}
        _run("pg_dump", tmp_path, path | {"KEYTURN_DATABASE_URL": url}, before=1)
        await _lose(SqlStore(url, _OPTIONS))
        for each in (url, empty):
            _run("pg_restore", tmp_path, path | {"KEYTURN_DATABASE_URL": each})
            await _check_is_restored(SqlStore(each, _OPTIONS))
    assert (tmp_path / "full.dump").stat().st_mode & 0o777 == 0o600


async def test_full_copy_of_valkey(tmp_path: Path) -> None:
    """The commands for Valkey do the same on another server, which keeps its log afterwards."""
    variables = _valkey_cli(tmp_path)
    with running_valkey(tmp_path / "valkey", *DURABLE) as server:
        store = RedisStore(server.url, _OPTIONS)
        await store.open()
        await store.sessions.add(new_session())
        await store.signing_keys.add(new_key())
        await store.close()
        own = {"KEYTURN_SESSION_URL": server.url, "SERVER_FOLDER": str(server.folder)}
        _run("valkey-cli", tmp_path, variables | own, before=1, after=1)
    (tmp_path / "restored").mkdir()
    shutil.copy(tmp_path / "full.rdb", tmp_path / "restored/dump.rdb")
    with running_valkey(tmp_path / "restored", "--appendonly", "no") as server:
        _run(_COMMANDS[-1], tmp_path, variables | {"KEYTURN_SESSION_URL": server.url})
        assert server.execute("CONFIG", "GET", "appendonly")["appendonly"] == "yes"
        await _check_sessions_and_keys(RedisStore(server.url, _OPTIONS))
    assert (tmp_path / "full.rdb").stat().st_mode & 0o777 == 0o600


async def _fill(store: SqlStore) -> None:
    await store.prepare()
    await store.open()
    await store.users.add(new_user())
    await store.sessions.add(new_session())
    await store.signing_keys.add(new_key())
    await store.close()


async def _lose(store: SqlStore) -> None:
    await store.open()
    await store.signing_keys.remove(new_key().kid)
    await store.users.add(new_user(2))
    await store.close()


async def _check_is_restored(store: SqlStore) -> None:
    await store.open()
    assert await store.users.find_by_username(new_user().username) == new_user()
    assert await store.users.find_by_username(new_user(2).username) is None
    await _check_sessions_and_keys(store, is_open=True)


async def _check_sessions_and_keys(store: Any, *, is_open: bool = False) -> None:
    if not is_open:
        await store.open()
    assert await store.sessions.find(new_session().session_id) == new_session()
    assert list(await store.signing_keys.list_keys()) == [new_key()]
    await store.close()


def _valkey_cli(folder: Path) -> dict[str, str]:
    """Make a command ``valkey-cli`` if there is none. Return a ``PATH`` with it."""
    if shutil.which("valkey-cli"):
        return {}
    program = folder / "programs/valkey-cli"
    program.parent.mkdir()
    program.write_text(f"#!{sys.executable}\n{_VALKEY_CLI}")
    program.chmod(0o700)
    return {"PATH": f"{program.parent}:{os.environ['PATH']}"}


def _run(start: str, folder: Path, variables: Mapping[str, str], *, before: int = 0, after: int = 0) -> None:
    """Run the first command that starts so, with some that stand before and after it, in one shell."""
    place = next(place for place, command in enumerate(_COMMANDS) if command.startswith(start))
    done = subprocess.run(
        ["/bin/sh", "-c", " && ".join(_COMMANDS[place - before : place + after + 1])],
        cwd=folder,
        env={**os.environ, **variables},
        capture_output=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
