"""What errors of drivers become: a sentence and a mend, without a secret or a value."""

import errno
import sqlite3
from collections.abc import Callable
from typing import Any, Final

import asyncpg
import pytest
from redis import exceptions as redis_errors
from redis._parsers.base import BaseParser

from app.adapters.redis import messages, server_faults
from app.adapters.sql import postgres_faults, sqlite_faults
from app.adapters.store_faults import RecentRefusal
from app.domain.errors import StoreUnavailable

CANARY: Final = "CANARY5ecret"

Translate = Callable[[Exception], StoreUnavailable]


def postgres_error(kind: type[Exception], message: str) -> Exception:
    """Return an error of asyncpg as a server causes it."""
    error = kind(message)
    error.message = message  # type: ignore[attr-defined]  # asyncpg sets it, too
    error.detail = f"Key (username)=({CANARY}) already exists."  # type: ignore[attr-defined]  # as above
    return error


def sqlite_error(statement: str, *values: object) -> Exception:
    """Return the error of a statement."""
    connection = sqlite3.connect(":memory:")
    connection.execute("CREATE TABLE t (a TEXT UNIQUE)")
    connection.execute("INSERT INTO t VALUES (?)", (CANARY,))
    try:
        connection.execute(statement, values)
    except sqlite3.Error as error:
        return error
    finally:
        connection.close()
    raise AssertionError(statement)


HOSTILE: Final[list[tuple[Translate, Exception]]] = [
    (sqlite_faults.fault_of, sqlite_error("INSERT INTO t VALUES (?)", CANARY)),
    (sqlite_faults.fault_of, sqlite_error("SELECT ?", object())),
    (sqlite_faults.fault_of, ValueError(CANARY)),
    (sqlite_faults.fault_of, OSError(errno.EACCES, "Permission denied", f"/srv/{CANARY}")),
    (postgres_faults.fault_of, postgres_error(asyncpg.UniqueViolationError, "duplicate key value")),
    (postgres_faults.fault_of, postgres_error(asyncpg.InvalidTextRepresentationError, f'invalid input: "{CANARY}"')),
    (postgres_faults.fault_of, postgres_error(asyncpg.RaiseError, f"trigger: {CANARY}")),
    (postgres_faults.fault_of, asyncpg.DataError(f"invalid input for query argument $1: '{CANARY}'")),
    (postgres_faults.fault_of, asyncpg.ClientConfigurationError(f"invalid DSN: postgresql://u:{CANARY}@h")),
    (postgres_faults.fault_of, ConnectionRefusedError(111, "Connect call failed ('127.0.0.1', 5432)")),
    (messages.fault_of, redis_errors.ResponseError(f"unknown command 'X', with args beginning with: '{CANARY}'")),
    (messages.fault_of, redis_errors.ResponseError(f"ERR {CANARY}")),
    (messages.fault_of, redis_errors.ConnectionError(f"Error 111 connecting to redis://u:{CANARY}@h:6379")),
    (messages.fault_of, redis_errors.OutOfMemoryError(f"command not allowed. script: {CANARY}, on @user_script:1.")),
]


@pytest.mark.parametrize(("translate", "error"), HOSTILE, ids=lambda each: type(each).__name__)
def test_no_sentence_quotes_a_value(translate: Translate, error: Exception) -> None:
    """Values, passwords and URLs in the error of a driver are neither in the text nor in the description."""
    translated = translate(error)
    for text in (str(translated), translated.description, translated.fault, repr(translated)):
        assert CANARY not in text


@pytest.mark.parametrize(
    ("error", "fault", "words"),
    [
        (postgres_error(asyncpg.ReadOnlySQLTransactionError, "cannot execute INSERT"), "read_only", "primary"),
        (postgres_error(asyncpg.DiskFullError, "could not extend file"), "disk_full", "Free space"),
        (postgres_error(asyncpg.InsufficientPrivilegeError, "permission denied"), "no_permission", "Grant"),
        (postgres_error(asyncpg.TooManyConnectionsError, "too many clients"), "refused", "max_connections"),
        (postgres_error(asyncpg.CannotConnectNowError, "starting up"), "starting", "Wait"),
        (postgres_error(asyncpg.DataCorruptedError, "invalid page"), "damaged", "restore"),
        (postgres_error(asyncpg.QueryCanceledError, "statement timeout"), "no_answer", "lock"),
        (TimeoutError(), "no_answer", "slow"),
        (ConnectionRefusedError(111, "Connection refused"), "no_answer", "Start the server"),
    ],
    ids=lambda each: type(each).__name__ if isinstance(each, Exception) else None,
)
def test_faults_of_postgresql(error: Exception, fault: str, words: str) -> None:
    """The sentence of the server is in the text, with the mend."""
    translated = postgres_faults.fault_of(error)
    assert translated.fault == fault
    assert words in str(translated)
    assert getattr(error, "message", "") in str(translated)


@pytest.mark.parametrize(
    ("reply", "fault"),
    [
        ("OOM command not allowed when used memory > 'maxmemory'.", "memory_full"),
        ("READONLY You can't write against a read only replica.", "read_only"),
        ("MISCONF Errors writing to the AOF file", "disk_error"),
        ("NOPERM User keyturn has no permissions to run the 'evalsha' command", "no_permission"),
        ("ERR ACL failure in script: User keyturn has no permissions", "no_permission"),
        ("ACL failure in script: User keyturn has no permissions", "no_permission"),
        ("NOREPLICAS Not enough good replicas to write.", "too_few_replicas"),
        ("LOADING The server is loading the dataset in memory", "starting"),
        ("MASTERDOWN Link with MASTER is down", "read_only"),
        ("CLUSTERDOWN The cluster is down", "no_answer"),
        ("BUSY Valkey is busy running a script.", "no_answer"),
        ("WRONGTYPE Operation against a key holding the wrong kind of value", "refused"),
    ],
)
def test_faults_of_redis(reply: str, fault: str) -> None:
    """The first word of the reply decides, whatever the client library makes of it."""
    assert server_faults.fault_of_reply(reply).fault == fault
    parse: Any = BaseParser.parse_error
    assert messages.fault_of(parse(reply)).fault == fault


def test_a_refused_change_counts_for_a_while(monkeypatch: pytest.MonkeyPatch) -> None:
    """After a refusal the store counts as unavailable for 2 seconds. Errors that clients or time can cause do not."""
    now = 100.0
    monkeypatch.setattr("app.adapters.store_faults.time.monotonic", lambda: now)
    refusal = RecentRefusal()
    for harmless in ("no_answer", "locked", "refused", "starting"):
        refusal.note(StoreUnavailable(fault=harmless))
        refusal.check()
    refusal.note(StoreUnavailable(text="the disk is full", fault="disk_full"))
    now = 101.9
    with pytest.raises(StoreUnavailable, match="the disk is full") as raised:
        refusal.check()
    assert raised.value.fault == "disk_full"
    now = 102.0
    refusal.check()
