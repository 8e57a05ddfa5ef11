"""The table that has the revision of the schema, in a database that other programs may use too.

A database of an older Keyturn has it in ``alembic_version``, the name that every program with Alembic uses by default.
It goes on to use that table, because instances of the older version may run on it. A new database has a table of ours.
"""

from collections.abc import Mapping, Sequence
from typing import Final

from sqlalchemy import Connection, TextClause, bindparam, text

from ...domain.errors import ConfigurationError
from .schema import METADATA

VERSION_TABLE: Final = "keyturn_version"
_OLD: Final = "alembic_version"

# Only Keyturn's table "sessions" has this column. It has it since the first revision.
OWN_TABLE: Final[Mapping[str, TextClause]] = {
    "sqlite": text(
        f"SELECT name FROM sqlite_master WHERE name = '{VERSION_TABLE}' OR (name = '{_OLD}' AND EXISTS"  # noqa: S608  # our names
        " (SELECT 1 FROM pragma_table_info('sessions') AS info WHERE info.name = 'lineage_digest'))"
        f" ORDER BY name = '{_OLD}'"
    ),
    "postgresql": text(
        f"SELECT name FROM unnest(ARRAY['{VERSION_TABLE}', '{_OLD}']) AS name WHERE to_regclass(name) IS NOT NULL"  # noqa: S608  # our names
        f" AND (name = '{VERSION_TABLE}' OR EXISTS (SELECT 1 FROM pg_attribute WHERE attrelid = to_regclass('sessions')"
        f" AND attname = 'lineage_digest' AND NOT attisdropped)) ORDER BY name = '{_OLD}'"
    ),
}
"""Selects the name of the table that has Keyturn's revision: the first row, or no row in a new database."""

REVISION: Final[Mapping[str, TextClause]] = {
    name: text(f"SELECT version_num FROM {name}")  # noqa: S608  # our names
    for name in (VERSION_TABLE, _OLD)
}
"""Selects the revision, by the name of the table."""

_TAKEN: Final[Mapping[str, TextClause]] = {
    "sqlite": text("SELECT name FROM sqlite_master WHERE name IN :names ORDER BY name"),
    "postgresql": text(
        "SELECT relname FROM pg_class JOIN pg_namespace ON pg_namespace.oid = relnamespace"
        " WHERE nspname = current_schema() AND relname IN :names ORDER BY relname"
    ),
}
_SEPARATE: Final[Mapping[str, str]] = {
    "sqlite": "Give Keyturn a file of its own.",
    "postgresql": "Give Keyturn a database of its own, or a schema of its own: CREATE SCHEMA keyturn AUTHORIZATION its"
    " user, and options=-csearch_path%3Dkeyturn in the URL.",
}


def version_table_of(connection: Connection) -> str:
    """Return the name of the table that has Keyturn's revision, or will have it."""
    found = connection.scalar(OWN_TABLE[connection.dialect.name])
    return VERSION_TABLE if found is None else str(found)


def check_no_table_of_others(connection: Connection, database: str) -> None:
    """Raise ``ConfigurationError`` if a new database has tables of others under the names of ours."""
    statement = _TAKEN[connection.dialect.name].bindparams(bindparam("names", _names(), expanding=True))
    taken = connection.scalars(statement).all()
    if taken:
        raise ConfigurationError(
            f"{database} has tables or indexes that Keyturn did not make, with names that it needs: {', '.join(taken)}."
            f" {_SEPARATE[connection.dialect.name]}"
        )


def _names() -> Sequence[str]:
    indexes = (str(index.name) for table in METADATA.tables.values() for index in table.indexes)
    return [VERSION_TABLE, *METADATA.tables, *indexes]
