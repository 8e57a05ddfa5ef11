"""Upgrade a database to the schema of this program."""

import logging
import secrets
from contextlib import ExitStack
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, text

from ...domain.errors import ConfigurationError
from ...ports.session_store import Rehearsal, StoreOptions
from .database_file import create_private_file
from .database_url import DatabaseUrl
from .engine import PATIENCE_SECONDS, run_in_transaction
from .sqlite_file import check_log
from .startup_errors import translate_startup_errors
from .version_table import check_no_table_of_others, version_table_of

_LOG: Final = logging.getLogger("keyturn.sql")

_FOLDER: Final = Path(__file__).parent / "migrations"
_LOCK: Final = 0x6B_65_79_74_75_72_6E
"""The number of PostgreSQL's advisory lock: "keyturn" in ASCII."""

_ENCODINGS: Final = frozenset({"UTF8", "SQL_ASCII"})
"""The encodings of PostgreSQL that store every text. SQL_ASCII stores the bytes of UTF-8 as they come."""

_ALLOWED_CONNECTIONS: Final = text(
    "SELECT least(current_setting('max_connections')::int - current_setting('superuser_reserved_connections')::int"
    " - coalesce(current_setting('reserved_connections', true)::int, 0), nullif(rolconnlimit, -1),"
    " nullif(datconnlimit, -1)) FROM pg_roles, pg_database"
    " WHERE rolname = current_user AND datname = current_database()"
)

_MAX_NUMBER: Final = 0x7FFF_FFFF


async def upgrade(url: DatabaseUrl, options: StoreOptions) -> None:
    """Upgrade the database; create the file of a SQLite database that does not exist. If several processes call this at
    once, one upgrades and the others wait.

    Raises ``ConfigurationError`` for a database that a newer program has upgraded, for a new one that cannot store all
    text or has tables of others under the names of ours, and the errors of ``translate_startup_errors``.
    """
    with translate_startup_errors(url):
        if url.is_sqlite:
            create_private_file(url.file)
            check_log(url.file)
        await run_in_transaction(
            url, lambda connection: _upgrade(connection, str(url)), options, patience=PATIENCE_SECONDS
        )


async def rehearse_upgrade(url: DatabaseUrl, options: StoreOptions) -> Rehearsal:
    """Return what ``upgrade`` would do, and leave the database as it is. A new database is upgraded in a transaction
    that is rolled back; in the place of a SQLite file that does not exist, a file beside it is, which is deleted.

    Raises what ``upgrade`` raises, with the same text.
    """
    with translate_startup_errors(url), ExitStack() as cleanup:
        tried = url
        if url.is_sqlite:
            if url.file.exists() and url.file.stat().st_size:
                check_log(url.file)
            else:
                folder = cleanup.enter_context(TemporaryDirectory(prefix=f".{url.file.name}-", dir=url.file.parent))
                tried = url.beside(Path(folder) / url.file.name)
                create_private_file(tried.file)
        try:
            await run_in_transaction(
                tried, lambda connection: _rehearse(connection, str(url)), options, patience=PATIENCE_SECONDS
            )
        except _RolledBack as end:
            return end.rehearsal
    raise AssertionError  # the transaction always ends with an exception


class _RolledBack(Exception):
    """Ends a transaction without a commit."""

    def __init__(self, rehearsal: Rehearsal) -> None:
        self.rehearsal = rehearsal


def _rehearse(connection: Connection, database: str) -> None:
    before = _check_schema(connection, database)
    newest = newest_revision()
    text = ""
    if before is None:
        _migrate(connection)
        text = f"it is empty, and the start creates its schema, of revision {newest}"
    elif before != newest:
        text = f"its schema is of revision {before}, and the start upgrades it to {newest}: make a backup before"
    raise _RolledBack(Rehearsal(upgrade=text, is_new=before is None, connections=_allowed_connections(connection)))


def _allowed_connections(connection: Connection) -> int | None:
    """Return how many connections the server, the database and the role allow."""
    if connection.dialect.name != "postgresql":
        return None
    return int(connection.scalar(_ALLOWED_CONNECTIONS) or 0)


def newest_revision() -> str | None:
    """Return the revision of the schema that this program works with."""
    return ScriptDirectory.from_config(_config()).get_current_head()


def _upgrade(connection: Connection, database: str) -> None:
    before, newest = _check_schema(connection, database), newest_revision()
    if before != newest:
        _migrate(connection)
        _LOG.info("database upgraded", extra={"fields": {"from": before, "to": newest}})


def _check_schema(connection: Connection, database: str) -> str | None:
    """Return the revision of the schema, or ``None`` for a new database. Hold the lock of upgrades from then on.

    Raises ``ConfigurationError`` for a database that cannot be upgraded.
    """
    if connection.dialect.name == "postgresql":
        connection.execute(text(f"SET LOCAL statement_timeout = '{PATIENCE_SECONDS:.0f}s'"))
        connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": _LOCK})
    else:
        _give_number(connection)
    context = MigrationContext.configure(connection, opts={"version_table": version_table_of(connection)})
    before = context.get_current_revision()
    known = {each.revision for each in ScriptDirectory.from_config(_config()).walk_revisions()}
    if before is not None and before not in known:
        raise ConfigurationError(
            f"The schema of {database} is of revision {before}, which this program does not know: a newer Keyturn"
            " upgraded it. Run the newer one, or restore a backup from before the upgrade."
        )
    if connection.dialect.name == "postgresql":
        _check_encoding(connection, database, is_new=before is None)
    if before is None:
        check_no_table_of_others(connection, database)
    return before


def _migrate(connection: Connection) -> None:
    config = _config()
    config.attributes.update(connection=connection, version_table=version_table_of(connection))
    command.upgrade(config, "head")


def _give_number(connection: Connection) -> None:
    """Give a SQLite file a random number, by which it is told from others."""
    if not connection.scalar(text("PRAGMA application_id")):
        connection.exec_driver_sql(f"PRAGMA application_id={secrets.randbelow(_MAX_NUMBER) + 1}")


def _check_encoding(connection: Connection, database: str, *, is_new: bool) -> None:
    """Refuse a new database that cannot store all text, and warn of one in use; raises ``ConfigurationError``.

    A statement with a letter that its encoding lacks fails: nobody could look up such a name, not even in vain.
    """
    encoding = connection.scalar(text("SHOW server_encoding"))
    if encoding in _ENCODINGS:
        return
    fault = f"{database} has the encoding {encoding}, which lacks most letters"
    if is_new:
        raise ConfigurationError(f"{fault}. Create the database with ENCODING 'UTF8' TEMPLATE template0.")
    _LOG.warning("%s; move it to a database with ENCODING 'UTF8', with pg_dump and pg_restore", fault)


def _config() -> Config:
    config = Config()
    config.set_main_option("script_location", str(_FOLDER).replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    return config
