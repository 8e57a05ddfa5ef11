"""Statements as text: each is compiled once for a dialect, and then only filled with arguments."""

from collections import namedtuple
from collections.abc import Callable, Iterable, Mapping, Sequence
from types import MappingProxyType
from typing import Any, Final

from sqlalchemy import Boolean, Dialect, Executable
from sqlalchemy.engine.interfaces import Compiled
from sqlalchemy.sql.compiler import ExpandedState, SQLCompiler

_MAX_COMPILED: Final = 1_000
"""A statement that is made for each call would fill the memory. There are about 100 that are made once."""

_PLAIN: Final = "plain_rows"

PLAIN: Final[Mapping[str, Any]] = MappingProxyType({_PLAIN: True})
"""The execution options of a query with many rows: they stay as the driver returns them, with numbers as booleans."""

Parameters = Mapping[str, object]


class CompiledStatement:
    """SQL text, the order of its parameters, and how its rows are read."""

    __slots__ = ("_booleans", "_constants", "_is_plain", "_lists", "_names", "_row", "sql")

    def __init__(
        self, state: ExpandedState, parameters: Parameters, booleans: tuple[int, ...], *, is_plain: bool = False
    ) -> None:
        self.sql = state.statement
        self._names: Sequence[str] = state.positiontup or ()
        self._lists = state.parameter_expansion
        listed = {name for names in self._lists.values() for name in names}
        self._constants: Parameters = {
            name: state.parameters[name] for name in self._names if name not in parameters and name not in listed
        }
        self._booleans = booleans
        self._is_plain = is_plain
        self._row: Any = None

    def arguments(self, parameters: Parameters) -> Sequence[object]:
        """Return the arguments in the order in which the text has their parameters."""
        if self._lists or self._constants:
            filled = {**parameters, **self._constants}
            for name, names in self._lists.items():
                filled.update(zip(names, _members(parameters[name]), strict=True))
            parameters = filled
        return [parameters[name] for name in self._names]

    def rows(self, found: Sequence[Sequence[Any]], names: Callable[[], Iterable[str]]) -> Sequence[Any]:
        """Return the rows as named tuples, or as the driver returns them if the statement has the option ``PLAIN``.
        ``names`` returns the names of the columns.
        """
        if self._is_plain:
            return found
        row = self._row
        if row is None:
            row = self._row = namedtuple("Row", names(), rename=True)  # noqa: PYI024  # the names come from the database
        values = map(self._with_booleans, found) if self._booleans else found
        return [*map(row._make, values)]

    def _with_booleans(self, row: Sequence[Any]) -> Sequence[Any]:
        values = [*row]
        for place in self._booleans:
            values[place] = None if values[place] is None else bool(values[place])
        return values


class StatementCompiler:
    """Compiles the statements of SQLAlchemy for a dialect. A statement has the same parameters in every call."""

    def __init__(self, dialect: Dialect) -> None:
        self._dialect = dialect
        self._compiled: dict[object, CompiledStatement] = {}
        self._lists: dict[Executable, Sequence[str]] = {}

    def __call__(self, statement: Executable, parameters: Parameters) -> CompiledStatement:
        """Return the compiled statement. One that contains lists is compiled once for each of their lengths."""
        lists = self._lists.get(statement, ())
        key = (statement, *(len(_members(parameters[name])) for name in lists)) if lists else statement
        return self._compiled.get(key) or self._compile(statement, parameters)

    def _compile(self, statement: Executable, parameters: Parameters) -> CompiledStatement:
        if len(self._compiled) >= _MAX_COMPILED:
            self._compiled.clear()
            self._lists.clear()
        compiler = _compile(statement, self._dialect, parameters)
        lists = tuple(name for name, parameter in compiler.binds.items() if parameter.expanding)
        compiled = CompiledStatement(
            compiler.construct_expanded_state({**parameters}),
            parameters,
            self._booleans(statement),
            is_plain=bool(statement.get_execution_options().get(_PLAIN)),
        )
        if lists:
            self._lists[statement] = lists
        key = (statement, *(len(_members(parameters[name])) for name in lists)) if lists else statement
        self._compiled[key] = compiled
        return compiled

    def _booleans(self, statement: Executable) -> tuple[int, ...]:
        """Return the places of the columns that are booleans, but that the database returns as numbers."""
        if self._dialect.supports_native_boolean:
            return ()
        columns = getattr(statement, "exported_columns", ())
        return tuple(place for place, column in enumerate(columns) if isinstance(column.type, Boolean))


def _compile(statement: Executable, dialect: Dialect, parameters: Parameters) -> SQLCompiler:
    compiled: Compiled = statement.compile(dialect=dialect, column_keys=[*parameters])  # type: ignore[attr-defined]  # every statement has it
    assert isinstance(compiled, SQLCompiler)
    return compiled


def _members(value: object) -> Sequence[object]:
    assert isinstance(value, Sequence)
    return value
