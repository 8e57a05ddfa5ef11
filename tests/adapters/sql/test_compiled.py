"""Statements as text: compiled once, filled with arguments, and read as rows."""

import sqlite3
from collections.abc import Sequence
from typing import Any

import pytest
from sqlalchemy import Dialect, Executable, bindparam, delete, select, text, update
from sqlalchemy.dialects.postgresql.asyncpg import dialect as postgresql_dialect
from sqlalchemy.dialects.sqlite import dialect as sqlite_dialect

from app.adapters.sql import compiled as module
from app.adapters.sql.compiled import Parameters, StatementCompiler
from app.adapters.sql.schema import RATE_LIMITS, USERS

SQLITE: Dialect = sqlite_dialect()
POSTGRESQL: Dialect = postgresql_dialect()  # type: ignore[no-untyped-call]  # SQLAlchemy's own

RAISE_VERSION = (
    update(USERS)
    .where(USERS.c.subject == bindparam("whose"))
    .values(credential_version=USERS.c.credential_version + 1, password_hash=bindparam("new"))
)
NAMED = delete(RATE_LIMITS).where(RATE_LIMITS.c.budget_key.in_(bindparam("keys", expanding=True)))


@pytest.mark.parametrize("dialect", [SQLITE, POSTGRESQL], ids=["sqlite", "postgresql"])
def test_a_statement_is_compiled_once(dialect: Dialect) -> None:
    """The second call gets what the first one compiled."""
    compile_ = StatementCompiler(dialect)
    parameters = {"whose": "alice", "new": "hash"}
    assert compile_(RAISE_VERSION, parameters) is compile_(RAISE_VERSION, {**parameters, "new": "other"})


@pytest.mark.parametrize("dialect", [SQLITE, POSTGRESQL], ids=["sqlite", "postgresql"])
def test_arguments_come_in_the_order_of_the_text(dialect: Dialect) -> None:
    """The text's own constants stand between the parameters of the call, whose order does not matter."""
    compiled = StatementCompiler(dialect)(RAISE_VERSION, {"whose": "alice", "new": "hash"})
    assert compiled.arguments({"whose": "bob", "new": "other"}) == ["other", 1, "bob"]
    assert compiled.arguments({"new": "third", "whose": "carol"}) == ["third", 1, "carol"]


@pytest.mark.parametrize("dialect", [SQLITE, POSTGRESQL], ids=["sqlite", "postgresql"])
def test_a_list_has_a_parameter_for_each_member(dialect: Dialect) -> None:
    """Lists of one length share a text. An empty list is valid."""
    compile_ = StatementCompiler(dialect)
    two, three = ({"keys": [b"a", b"b"]}, {"keys": (b"c", b"d", b"e")})
    assert compile_(NAMED, two) is compile_(NAMED, {"keys": [b"x", b"y"]})
    assert compile_(NAMED, two).sql != compile_(NAMED, three).sql
    for keys in ([b"a", b"b"], [b"c", b"d", b"e"], []):
        assert compile_(NAMED, {"keys": keys}).arguments({"keys": keys}) == keys


def test_the_memory_for_compiled_statements_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    """Statements that are made for each call do not fill the memory, and are right."""
    monkeypatch.setattr(module, "_MAX_COMPILED", 10)
    compile_ = StatementCompiler(SQLITE)
    for number in range(100):
        assert compile_(text(f"SELECT {number}"), {}).sql == f"SELECT {number}"
        assert compile_(NAMED, {"keys": [b"k"] * number}).arguments({"keys": [b"k"] * number}) == [b"k"] * number
    assert len(compile_._compiled) <= 10


def found(statement: Executable, parameters: Parameters) -> Sequence[Any]:
    """Return the rows of a statement in a SQLite database with one user."""
    with sqlite3.connect(":memory:") as connection:
        connection.execute(
            "CREATE TABLE users (subject, username, password_hash, scope, credential_version, disabled BOOLEAN)"
        )
        connection.execute("INSERT INTO users VALUES ('s', 'alice', 'hash', 'account', 1, 1)")
        compiled = StatementCompiler(SQLITE)(statement, parameters)
        cursor = connection.execute(compiled.sql, compiled.arguments(parameters))
        rows = compiled.rows(cursor.fetchall(), lambda: [column[0] for column in cursor.description])
    connection.close()
    return rows


@pytest.mark.parametrize(
    "statement", [select(USERS), update(USERS).values(scope="account").returning(USERS)], ids=["query", "returning"]
)
def test_rows_are_named_tuples_with_booleans(statement: Executable) -> None:
    """A row has the names of its columns. A boolean, which SQLite stores as a number, is a boolean again."""
    [row] = found(statement, {})
    assert row._asdict() == {
        "subject": "s",
        "username": "alice",
        "password_hash": "hash",
        "scope": "account",
        "credential_version": 1,
        "disabled": True,
    }
    assert row.disabled is True
    assert row[:2] == ("s", "alice")


def test_a_column_without_a_name_has_a_place() -> None:
    """Rows of any query can be read by the places of their columns."""
    [row] = found(text("SELECT count(*), 2 AS two FROM users"), {})
    assert (row[0], row.two) == (1, 2)
