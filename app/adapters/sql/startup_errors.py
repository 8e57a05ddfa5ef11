"""Readable errors for a database that cannot be used at the start."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from sqlalchemy.exc import DBAPIError, SQLAlchemyError

from ...domain.errors import ConfigurationError, StoreUnavailable
from .database_url import DatabaseUrl

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
    except (SQLAlchemyError, StoreUnavailable, OSError, ValueError, _driver_error()) as error:
        cause = _cause(error)
        refusal = _REFUSALS.get(getattr(cause, "sqlstate", None) or "")
        if refusal is not None:
            raise ConfigurationError(f"{url} {refusal}.") from error
        if url.is_sqlite and "locked" not in str(cause):
            raise ConfigurationError(f"KEYTURN_DATABASE_URL: {url} cannot be used: {cause}.") from error
        raise StoreUnavailable(f"{url} cannot be reached: {_reason(cause)}.") from error


def _cause(error: Exception) -> BaseException:
    """Return the error of the driver."""
    if isinstance(error, DBAPIError) and error.orig is not None:
        return error.orig
    return error.__cause__ or error if isinstance(error, StoreUnavailable) else error


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
