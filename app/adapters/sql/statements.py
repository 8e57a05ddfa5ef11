"""Run SQL statements. Each statement is a transaction of its own."""

from collections.abc import Awaitable, Callable, Sequence
from typing import Any, Final, TypeVar

from sqlalchemy import Executable

from ...domain.errors import StoreUnavailable
from ..store_faults import RecentRefusal
from .compiled import Parameters, StatementCompiler
from .executor import Executor, LostRace, Outcome

_T = TypeVar("_T")

_MAX_ATTEMPTS: Final = 5


class Statements:
    """Compiles statements, each of them once, and runs them on the driver of the database.

    Every method raises ``StoreUnavailable`` after the time limit of the store at the latest, whatever the database
    does. If the caller is cancelled, the statement still runs to its end. Statements are constants: one that is made
    for each call would be compiled each time. ``refusal`` is shared by all that use one database.
    """

    def __init__(self, executor: Executor, refusal: RecentRefusal | None = None) -> None:
        self.dialect = executor.dialect.name
        self._executor = executor
        self._compile = StatementCompiler(executor.dialect)
        self._refusal = refusal or RecentRefusal()

    async def fetch(self, statement: Executable, parameters: Parameters) -> Sequence[Any]:
        """Return the rows of a query, which is repeated if it lost a race."""
        compiled = self._compile(statement, parameters)
        arguments = compiled.arguments(parameters)
        return await _retry(lambda: self._executor.fetch(compiled, arguments))

    async def execute(self, statement: Executable, parameters: Parameters) -> int:
        """Run a change, repeat it if it lost a race, and return how many rows it changed.

        Raises ``AlreadyExists`` for an identifier that is taken.
        """
        return (await _retry(lambda: self._change(statement, parameters, returning=False))).changed

    async def execute_returning(self, statement: Executable, parameters: Parameters) -> Sequence[Any]:
        """Run a change, repeat it if it lost a race, and return the rows of its ``RETURNING``."""
        return (await _retry(lambda: self._change(statement, parameters, returning=True))).rows

    async def execute_once(self, statement: Executable, parameters: Parameters) -> bool:
        """Run a change once; return whether it changed a row. One that lost a race changed none.

        Raises ``AlreadyExists`` for an identifier that is taken.
        """
        try:
            return (await self._change(statement, parameters, returning=False)).changed > 0
        except LostRace:
            return False

    async def check(self) -> None:
        """Return if the database takes changes. It does not for 2 seconds after it refused one."""
        await self._executor.check()
        self._refusal.check()

    async def wait_until_idle(self) -> None:
        """Return when no statement is running."""
        await self._executor.wait_until_idle()

    async def _change(self, statement: Executable, parameters: Parameters, *, returning: bool) -> Outcome:
        compiled = self._compile(statement, parameters)
        try:
            return await self._executor.change(compiled, compiled.arguments(parameters), returning=returning)
        except StoreUnavailable as error:
            self._refusal.note(error)
            raise


async def _retry(run: Callable[[], Awaitable[_T]]) -> _T:
    for _ in range(_MAX_ATTEMPTS):
        try:
            return await run()
        except LostRace as error:
            lost = error
    raise StoreUnavailable from lost
