"""The database that a URL names."""

from copy import copy
from pathlib import Path
from typing import Final

from ...domain.errors import ConfigurationError
from ..store_urls.parts import WrongUrl, split_scheme
from ..store_urls.postgres import PostgresUrl
from ..store_urls.sqlite import SqliteUrl

_SETTING: Final = "KEYTURN_DATABASE_URL"


class DatabaseUrl:
    """A file of SQLite or a database of PostgreSQL. ``str()`` names it without its password.

    ``setting`` is the name of the setting that has the URL. Raises ``ConfigurationError``, which names it.
    """

    def __init__(self, text: str, *, setting: str = _SETTING) -> None:
        self.setting = setting
        try:
            self._parsed = SqliteUrl.parse(text) if split_scheme(text)[0] == "sqlite" else PostgresUrl.parse(text)
        except WrongUrl as error:
            raise ConfigurationError(f"{setting}: {error}.") from None
        self.is_sqlite = isinstance(self._parsed, SqliteUrl)
        if self.is_sqlite and not self.file.parent.is_dir():
            raise ConfigurationError(f"{setting}: the folder {self.file.parent} does not exist; make it.")

    @property
    def file(self) -> Path:
        """Return the absolute path of a SQLite file."""
        return self._sqlite.file

    def sqlite_uri(self) -> str:
        """Return the URI with which SQLite opens its file."""
        return self._sqlite.uri()

    @property
    def server(self) -> PostgresUrl:
        """Return the database of PostgreSQL, and how to connect to it."""
        assert isinstance(self._parsed, PostgresUrl)
        return self._parsed

    @property
    def secrets(self) -> tuple[str, ...]:
        """Return what no message may have."""
        return () if self.is_sqlite else self.server.secrets

    def beside(self, file: Path) -> "DatabaseUrl":
        """Return the URL of another SQLite file."""
        other = copy(self)
        other._parsed = SqliteUrl(str(file))  # noqa: SLF001  # it is of the same class
        return other

    def __str__(self) -> str:
        return str(self._parsed)

    @property
    def _sqlite(self) -> SqliteUrl:
        assert isinstance(self._parsed, SqliteUrl)
        return self._parsed
