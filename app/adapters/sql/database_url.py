"""The URL of a database."""

from copy import copy
from pathlib import Path
from typing import Final
from urllib.parse import quote

from sqlalchemy import URL, make_url
from sqlalchemy.exc import ArgumentError

from ...domain.errors import ConfigurationError

_SETTING: Final = "KEYTURN_DATABASE_URL"
_PORTS: Final = range(1, 65_536)


class DatabaseUrl:
    """A URL of SQLite or PostgreSQL. ``str()`` names the database without its password."""

    def __init__(self, text: str) -> None:
        try:
            self.parsed: URL = make_url(text)
        except (ArgumentError, ValueError) as error:
            raise ConfigurationError(f"{_SETTING}: this is not a URL of a database.") from error
        if self.parsed.port is not None and self.parsed.port not in _PORTS:
            raise ConfigurationError(f"{_SETTING}: the port must be a whole number from 1 to {_PORTS[-1]}.")
        self.text = text
        self.is_sqlite = self.parsed.get_backend_name() == "sqlite"
        if self.is_sqlite:
            self._check_file()

    @property
    def file(self) -> Path:
        """Return the absolute path of a SQLite file."""
        return Path(self.parsed.database or "").absolute()

    def sqlite_uri(self) -> str:
        """Return the URI with which SQLite opens its file. It never creates the file: SQLite would create it readable
        by everybody.
        """
        return f"file:{quote(str(self.file))}?mode=rw"

    def beside(self, file: Path) -> "DatabaseUrl":
        """Return the URL of another SQLite file."""
        other = copy(self)
        other.parsed = self.parsed.set(database=str(file))
        return other

    def __str__(self) -> str:
        if self.is_sqlite:
            return f"the SQLite file {self.parsed.database}"
        return f"PostgreSQL at {self.parsed.host or 'the local socket'} port {self.parsed.port or 5432}"

    def _check_file(self) -> None:
        database = self.parsed.database
        if self.parsed.host or self.parsed.query or not database or database == ":memory:":
            raise ConfigurationError(
                f"{_SETTING}: a SQLite URL is sqlite:///FILE or sqlite:////ABSOLUTE/FILE and nothing else."
            )
        folder = self.file.parent
        if not folder.is_dir():
            raise ConfigurationError(f"{_SETTING}: the folder {folder} does not exist; make it.")
