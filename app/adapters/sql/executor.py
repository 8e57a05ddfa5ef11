"""What runs compiled statements: one executor for each driver."""

from collections.abc import Sequence
from typing import Any, NamedTuple, Protocol

from sqlalchemy import Dialect

from .compiled import CompiledStatement


class LostRace(Exception):
    """The database rolled the statement back, because another one ran at the same time."""


class Outcome(NamedTuple):
    """How many rows a change changed, and the rows of its ``RETURNING``."""

    changed: int
    rows: Sequence[Any]


class Executor(Protocol):
    """Runs single statements, each of which is atomic and committed before its result is returned.

    Both methods raise ``StoreUnavailable`` after the time limit of the store at the latest, whatever the database does,
    and ``LostRace``. If the caller is cancelled, the statement still runs to its end.
    """

    dialect: Dialect
    """The dialect of the statements."""

    async def fetch(self, statement: CompiledStatement, arguments: Sequence[object]) -> Sequence[Any]:
        """Return the rows of a query."""
        ...

    async def change(self, statement: CompiledStatement, arguments: Sequence[object], *, returning: bool) -> Outcome:
        """Run a change. ``returning`` says whether it has rows to return.

        Raises ``AlreadyExists`` for an identifier that is taken.
        """
        ...

    async def check(self) -> None:
        """Return if the database takes changes; commits a small one to see that."""
        ...

    async def forget_check(self) -> None:
        """Delete what ``check`` has written. It changes nothing where a check writes no row."""
        ...

    async def wait_until_idle(self) -> None:
        """Return when no statement is running."""
        ...

    async def close(self) -> None:
        """Close the connections."""
        ...
