"""Faults of stores that still answer reads, each of which can be made and healed while the service runs."""

import os
import shutil
import sqlite3
import subprocess
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, closing, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from tests.servers.ports import free_port
from tests.servers.postgres import Postgres, running_postgres
from tests.servers.server import Server
from tests.servers.valkey import DURABLE, Valkey, running_valkey

from .backends import settings_with_key

SECRET: Final = "CANARY5ecret"  # noqa: S105  # a test's
"""The password in the URLs of the servers."""

_USER: Final = "keyturn"
_FILE: Final = "keyturn.db"
_ALL_TABLES: Final = "ALL TABLES IN SCHEMA public"


@dataclass(frozen=True)
class Store:
    """A store that a test breaks. ``folder`` is its disk, which is small if the machine allows to mount one."""

    settings: Mapping[str, str]
    folder: Path
    server: Server | None = None

    @property
    def postgres(self) -> Postgres:
        """Return the server, which is PostgreSQL."""
        assert isinstance(self.server, Postgres)
        return self.server

    @property
    def valkey(self) -> Valkey:
        """Return the server, which is Valkey."""
        assert isinstance(self.server, Valkey)
        return self.server


Break = Callable[[Store], AbstractContextManager[None]]


@dataclass(frozen=True)
class StoreFault:
    """A fault: the store that it needs, what makes and heals it, and its name in the log and in ``/readyz``."""

    store: Callable[[Path], AbstractContextManager[Store]]
    broken: Break
    name: str


@contextmanager
def small_disk(folder: Path, megabytes: int) -> Iterator[Path]:
    """Mount a small disk in memory. Where that is not allowed, there is none and ``folder`` stays empty."""
    folder.mkdir()
    options = f"size={megabytes}m,mode=0777"
    mounted = subprocess.run(
        ("/bin/mount", "-t", "tmpfs", "-o", options, "none", folder), capture_output=True, check=False
    )
    try:
        yield folder
    finally:
        if mounted.returncode == 0:
            subprocess.run(("/bin/umount", "--lazy", folder), check=True)


@contextmanager
def sqlite_store(folder: Path) -> Iterator[Store]:
    """Yield a file on a small disk."""
    with small_disk(folder / "disk", 4) as disk:
        yield Store(settings_with_key(folder) | {"DATABASE_URL": f"sqlite:///{disk}/{_FILE}"}, disk)


@contextmanager
def postgres_store(folder: Path) -> Iterator[Store]:
    """Yield a server whose user has a password and no rights beyond those on its database."""
    with running_postgres(durable=True) as server, small_disk(server.folder / "disk", 8) as disk:
        server.execute(f"CREATE ROLE {_USER} LOGIN PASSWORD '{SECRET}'")
        server.execute(f"CREATE DATABASE {_USER} OWNER {_USER} ENCODING 'UTF8' TEMPLATE template0")
        server.execute(f"GRANT ALL ON SCHEMA public TO {_USER}", _USER)
        url = server.url(_USER).replace("postgres@", f"{_USER}:{SECRET}@")
        yield Store(settings_with_key(folder) | {"DATABASE_URL": url}, disk, server)


@contextmanager
def valkey_store(folder: Path) -> Iterator[Store]:
    """Yield a server that writes each change to its disk."""
    with running_valkey(folder / "valkey", *DURABLE) as server:
        yield _valkey_store(folder, server)


@contextmanager
def valkey_store_on_small_disk(folder: Path) -> Iterator[Store]:
    """Yield a server on a small disk, which it flushes once a second: with a flush for each change it would end."""
    options = ("--appendonly", "yes", "--appendfsync", "everysec")
    with small_disk(folder / "disk", 8) as disk, running_valkey(disk, *options) as server:
        yield _valkey_store(folder, server, disk)


def _valkey_store(folder: Path, server: Valkey, disk: Path | None = None) -> Store:
    server.execute("ACL", "SETUSER", _USER, "on", f">{SECRET}", "~keyturn:*", "&keyturn:*", "+@all")
    settings = {
        "DATABASE_URL": f"sqlite:///{folder}/users.db",
        "SESSION_URL": server.url.replace("//", f"//{_USER}:{SECRET}@"),
    }
    return Store(settings_with_key(folder) | settings, disk or folder, server)


@contextmanager
def full_disk(store: Store) -> Iterator[None]:
    """Fill the small disk."""
    filler = store.folder / "filler"
    try:
        with suppress(OSError), filler.open("wb", buffering=0) as file:
            while True:
                file.write(bytes(4096))
        yield
    finally:
        filler.unlink()


@contextmanager
def full_disk_of_tables(store: Store) -> Iterator[None]:
    """Move the tables of PostgreSQL to the small disk and fill it. Its write-ahead log has room elsewhere."""
    tables = store.folder / "tables"
    if not tables.exists():
        tables.mkdir()
        with suppress(PermissionError):
            os.chown(tables, 65_534, 65_534)
        store.postgres.execute(f"CREATE TABLESPACE small LOCATION '{tables}'")
    for kind in ("TABLE", "INDEX"):
        store.postgres.execute(f"ALTER {kind} ALL IN TABLESPACE pg_default SET TABLESPACE small", _USER)
    with full_disk(store):
        yield
    for kind in ("TABLE", "INDEX"):
        store.postgres.execute(f"ALTER {kind} ALL IN TABLESPACE small SET TABLESPACE pg_default", _USER)


@contextmanager
def moved_file(store: Store) -> Iterator[None]:
    """Move the file away, and back."""
    file = store.folder / _FILE
    file.rename(store.folder / "elsewhere")
    try:
        yield
    finally:
        (store.folder / "elsewhere").rename(file)


@contextmanager
def other_file_in_its_place(store: Store) -> Iterator[None]:
    """Move a backup to the place of the file, and the file back."""
    file = store.folder / _FILE
    _back_up(file, store.folder / "backup")
    file.rename(store.folder / "elsewhere")
    (store.folder / "backup").rename(file)
    try:
        yield
    finally:
        (store.folder / "elsewhere").rename(file)


@contextmanager
def overwritten_file(store: Store) -> Iterator[None]:
    """Copy a backup over the file, and then the old contents."""
    file = store.folder / _FILE
    _back_up(file, store.folder / "backup")
    before = file.read_bytes()
    shutil.copyfile(store.folder / "backup", file)
    (store.folder / "backup").unlink()
    changed = file.read_bytes()
    try:
        yield
        assert file.read_bytes() == changed, "the service has written to the other file"
    finally:
        file.write_bytes(before)


def _back_up(file: Path, backup: Path) -> None:
    with closing(sqlite3.connect(file)) as connection:
        connection.execute(f"VACUUM INTO '{backup}'")


@contextmanager
def locked_file(store: Store) -> Iterator[None]:
    """Hold the lock of the file."""
    with closing(sqlite3.connect(store.folder / _FILE, isolation_level=None, timeout=30)) as other:
        other.execute("BEGIN IMMEDIATE")
        yield
        other.execute("ROLLBACK")


def read_only(subject: str) -> Break:
    """Return what makes each new connection of a role or of a database read-only."""

    @contextmanager
    def broken(store: Store) -> Iterator[None]:
        store.postgres.execute(f"ALTER {subject} SET default_transaction_read_only = on")
        store.postgres.execute(f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = '{_USER}'")  # noqa: S608  # a constant
        try:
            yield
        finally:
            store.postgres.execute(f"ALTER {subject} RESET default_transaction_read_only")

    return broken


@contextmanager
def read_only_server(store: Store) -> Iterator[None]:
    """Make all connections read-only, also those that are open."""
    store.postgres.execute("ALTER SYSTEM SET default_transaction_read_only = on")
    store.postgres.execute("SELECT pg_reload_conf()")
    try:
        yield
    finally:
        store.postgres.execute("ALTER SYSTEM RESET default_transaction_read_only")
        store.postgres.execute("SELECT pg_reload_conf()")


@contextmanager
def demoted_postgres(store: Store) -> Iterator[None]:
    """Start the server again as a standby, and promote it."""
    store.postgres.kill()
    (store.postgres.folder / "data" / "standby.signal").touch()
    store.postgres.start()
    try:
        yield
    finally:
        store.postgres.execute("SELECT pg_promote()")


@contextmanager
def revoked_rights(store: Store) -> Iterator[None]:
    """Take the right to write to the sessions from the user. The check writes to another table."""
    store.postgres.execute(f"REVOKE INSERT, UPDATE ON sessions FROM {_USER}", _USER)
    try:
        yield
    finally:
        store.postgres.execute(f"GRANT ALL ON {_ALL_TABLES} TO {_USER}", _USER)


def configured(name: str, value: str, default: str) -> Break:
    """Return what changes the configuration of Valkey."""

    @contextmanager
    def broken(store: Store) -> Iterator[None]:
        store.valkey.execute("CONFIG", "SET", name, value)
        try:
            yield
        finally:
            store.valkey.execute("CONFIG", "SET", name, default)

    return broken


@contextmanager
def paused_writes(store: Store) -> Iterator[None]:
    """Pause the writes."""
    store.valkey.execute("CLIENT", "PAUSE", 600_000, "WRITE")
    try:
        yield
    finally:
        store.valkey.execute("CLIENT", "UNPAUSE")


@contextmanager
def demoted_valkey(store: Store) -> Iterator[None]:
    """Make the server a replica of a server that does not answer, so that it keeps its data."""
    store.valkey.execute("REPLICAOF", "127.0.0.1", free_port())
    try:
        yield
    finally:
        store.valkey.execute("REPLICAOF", "NO", "ONE")


def without(rights: str) -> Break:
    """Return what takes rights from the user of Valkey."""

    @contextmanager
    def broken(store: Store) -> Iterator[None]:
        store.valkey.execute("ACL", "SETUSER", _USER, f"-{rights}")
        try:
            yield
        finally:
            store.valkey.execute("ACL", "SETUSER", _USER, "+@all")

    return broken


FAULTS: Final[Mapping[str, StoreFault]] = {
    "sqlite: full disk": StoreFault(sqlite_store, full_disk, "disk_full"),
    "sqlite: locked": StoreFault(sqlite_store, locked_file, "locked"),
    "sqlite: moved": StoreFault(sqlite_store, moved_file, "file_replaced"),
    "sqlite: another file": StoreFault(sqlite_store, other_file_in_its_place, "file_replaced"),
    "sqlite: overwritten": StoreFault(sqlite_store, overwritten_file, "file_replaced"),
    "postgresql: full disk": StoreFault(postgres_store, full_disk_of_tables, "disk_full"),
    "postgresql: read-only database": StoreFault(postgres_store, read_only(f"DATABASE {_USER}"), "read_only"),
    "postgresql: read-only role": StoreFault(postgres_store, read_only(f"ROLE {_USER}"), "read_only"),
    "postgresql: read-only server": StoreFault(postgres_store, read_only_server, "read_only"),
    "postgresql: standby": StoreFault(postgres_store, demoted_postgres, "read_only"),
    "postgresql: no rights": StoreFault(postgres_store, revoked_rights, "no_permission"),
    "valkey: full memory": StoreFault(valkey_store, configured("maxmemory", "1", "0"), "memory_full"),
    "valkey: full disk": StoreFault(valkey_store_on_small_disk, full_disk, "disk_error"),
    "valkey: paused writes": StoreFault(valkey_store, paused_writes, "writes_blocked"),
    "valkey: replica": StoreFault(valkey_store, demoted_valkey, "read_only"),
    "valkey: too few replicas": StoreFault(
        valkey_store, configured("min-replicas-to-write", "1", "0"), "too_few_replicas"
    ),
    "valkey: no scripts": StoreFault(valkey_store, without("@scripting"), "no_permission"),
    "valkey: no writes of hashes": StoreFault(valkey_store, without("hset"), "no_permission"),
}
NEEDS_SMALL_DISK: Final = ("sqlite: full disk", "postgresql: full disk", "valkey: full disk")
