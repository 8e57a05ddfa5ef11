"""Readable errors for a database that cannot be used at the start."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from sqlalchemy.exc import DBAPIError, SQLAlchemyError

from ...domain.errors import ConfigurationError, StoreUnavailable
from ..store_faults import LASTING, LOCKED, NO_ANSWER
from . import postgres_faults, sqlite_faults
from .database_url import DatabaseUrl
from .sqlite_faults import WrongFile

_TEMPORARY: Final = (LOCKED, NO_ANSWER)

_REFUSALS: Final = {
    "08P01": "refuses the settings of a connection; for a pooler such as PgBouncer, set"
    " KEYTURN_STORE_PREPARED_STATEMENTS to 0",
    "28P01": "refuses the password; correct it in KEYTURN_DATABASE_URL",
    "28000": "refuses the user; correct KEYTURN_DATABASE_URL, or the server's pg_hba.conf",
    "3D000": "has no such database; create it, or correct KEYTURN_DATABASE_URL",
    "42501": "does not let this user create tables; grant CREATE on the schema public",
}
"""The ends of messages, by SQLSTATE."""


@contextmanager
def translate_startup_errors(url: DatabaseUrl) -> Iterator[None]:
    """Raise ``ConfigurationError`` for an error that the operator must correct, and ``StoreUnavailable`` for one that
    may be temporary. Both messages name the database, but not its password.
    """
    try:
        yield
    except (SQLAlchemyError, StoreUnavailable, OSError, ValueError, WrongFile, _driver_error()) as error:
        cause = _cause(error)
        refusal = _REFUSALS.get(getattr(cause, "sqlstate", None) or "")
        if refusal is not None:
            raise ConfigurationError(f"{url} {refusal}.") from error
        fault = error if isinstance(error, StoreUnavailable) else _fault(url, cause)
        if fault.fault in LASTING or (url.is_sqlite and fault.fault not in _TEMPORARY):
            raise ConfigurationError(f"KEYTURN_DATABASE_URL: {url} cannot be used. {fault}") from error
        raise StoreUnavailable(f"{url} cannot be reached: {_reason(cause)}.", fault=fault.fault) from error


def _fault(url: DatabaseUrl, cause: Exception) -> StoreUnavailable:
    """Return what an error of the driver or of the operating system means."""
    return sqlite_faults.fault_of(cause) if url.is_sqlite else postgres_faults.fault_of(cause)


def _cause(error: Exception) -> Exception:
    """Return the error of the driver."""
    cause: BaseException | None = error
    if isinstance(error, DBAPIError):
        cause = getattr(error.orig, "__cause__", None) or error.orig  # SQLAlchemy wraps those of asyncpg twice
    elif isinstance(error, StoreUnavailable):
        cause = error.__cause__
    return cause if isinstance(cause, Exception) else error


def _driver_error() -> type[Exception]:
    """Return the error that asyncpg raises while it connects. Without asyncpg, return an error of SQLAlchemy."""
    try:
        import asyncpg  # noqa: PLC0415  # SQLite needs no driver of PostgreSQL
    except ModuleNotFoundError:
        return SQLAlchemyError
    raised: type[Exception] = asyncpg.PostgresError
    return raised


def _reason(cause: BaseException) -> str:
    if isinstance(cause, TimeoutError):
        return "it did not answer in time"
    return getattr(cause, "strerror", None) or type(cause).__name__
