"""The URLs of SQLite files."""

from dataclasses import dataclass
from pathlib import Path
from typing import Final
from urllib.parse import quote

from .parts import WrongUrl, decoded, split_scheme

_FORM: Final = "a SQLite URL must be sqlite:///FILE or sqlite:////ABSOLUTE/FILE and nothing else"


@dataclass(frozen=True, slots=True)
class SqliteUrl:
    """The file of a database, as the URL names it."""

    path: str

    @classmethod
    def parse(cls, text: str) -> "SqliteUrl":
        """Return the file that ``text`` names; raises ``WrongUrl``. Letters and spaces need no percent-encoding."""
        _, rest = split_scheme(text)
        if "?" in rest:
            raise WrongUrl(f"{_FORM}: it has no options, and a ? in the name of the file is written as %3F")
        path = decoded("path", rest.removeprefix("/"))
        if not rest.startswith("/") or not path or path == ":memory:" or path.endswith("/") or not path.isprintable():
            raise WrongUrl(_FORM)
        return cls(path)

    @property
    def file(self) -> Path:
        """Return the absolute path of the file."""
        return Path(self.path).absolute()

    def uri(self) -> str:
        """Return the URI with which SQLite opens its file. It never creates the file: SQLite would create it readable
        by everybody.
        """
        return f"file:{quote(str(self.file))}?mode=rw"

    def __str__(self) -> str:
        return f"the SQLite file {self.path}"
