"""Stores for the system tests: SQLite files, real PostgreSQL and Valkey servers, and the memory of a service."""

import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager, closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from app.adapters.keys.directory import create_key_file
from tests.servers.postgres import running_postgres
from tests.servers.server import Server
from tests.servers.valkey import DURABLE, running_valkey

from .load import PASSWORD, USERNAME

KINDS: Final = ("sqlite", "postgresql", "valkey")
"""The durable stores. Several instances can share one of these."""

ALL_KINDS: Final = ("memory", *KINDS)


@dataclass(frozen=True)
class Backend:
    """A store. ``settings`` make a service use it. All its data is in ``files``. ``server`` is ``None`` for SQLite and
    for memory.
    """

    kind: str
    settings: Mapping[str, str]
    files: Path
    server: Server | None = None

    def unavailable(self) -> AbstractContextManager[None]:
        """Make the store unavailable for a while: stop its server, or lock its SQLite file."""
        return self._locked() if self.server is None else self.server.stopped()

    @contextmanager
    def _locked(self) -> Iterator[None]:
        with closing(sqlite3.connect(self.files / "keyturn.db", isolation_level=None, timeout=30)) as other:
            other.execute("BEGIN IMMEDIATE")
            yield
            other.execute("ROLLBACK")


@contextmanager
def backend(kind: str, folder: Path) -> Iterator[Backend]:
    """Yield a store of this kind. Its settings include a signing key and a user. Unless it is in memory, it loses no
    acknowledged write.
    """
    common = settings_with_key(folder)
    file = {"DATABASE_URL": f"sqlite:///{folder}/keyturn.db"}
    match kind:
        case "memory":
            yield Backend(kind, common, folder)
        case "sqlite":
            yield Backend(kind, common | file, folder)
        case "postgresql":
            with running_postgres(durable=True) as postgres:
                yield Backend(kind, common | {"DATABASE_URL": postgres.url()}, postgres.folder, postgres)
        case "valkey":
            with running_valkey(folder / "valkey", *DURABLE) as valkey:
                yield Backend(kind, common | file | {"SESSION_URL": valkey.url}, folder, valkey)


def settings_with_key(folder: Path) -> dict[str, str]:
    """Make a signing key in a folder. Return settings with the key and a user, and without a store."""
    keys = folder / "keys"
    create_key_file(keys, bits=2048, passphrase=None, activates_at=0.0)
    return {
        "KEYS_DIR": str(keys),
        "KEY_ROTATION_PERIOD": "0",
        "BOOTSTRAP_USERNAME": USERNAME,
        "BOOTSTRAP_PASSWORD": PASSWORD,
    }
