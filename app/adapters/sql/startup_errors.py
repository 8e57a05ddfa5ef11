"""Readable errors for a database that cannot be used at the start."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from sqlalchemy.exc import DBAPIError, SQLAlchemyError

from ...domain.errors import ConfigurationError, StoreUnavailable
from ..connecting import causes, sentence_of
from ..store_faults import LASTING, LOCKED, NO_ANSWER
from . import postgres_faults, sqlite_faults
from .database_url import DatabaseUrl
from .postgres_faults import sqlstate_of
from .sqlite_faults import WrongFile

_EXPECTED: Final = (SQLAlchemyError, StoreUnavailable, OSError, ValueError, WrongFile)
_TEMPORARY: Final = (LOCKED, NO_ANSWER)

_REFUSALS: Final = {
    "08P01": "refuses the connection: {says}. A pooler such as PgBouncer must have pool_mode transaction or session,"
    " and may refuse the parameter options in {setting}: use ALTER ROLE … SET in its place",
    "28P01": "refuses the password; correct it in {setting}",
    "28000": "refuses the user: {says}; correct {setting}, or the server's pg_hba.conf",
    "3D000": "has no such database; create it, or correct {setting}",
    "3F000": "has no schema to create tables in; create the one that search_path in {setting} or of the user names",
    "42501": "does not let this user create tables; grant CREATE on the database's schema",
}
"""The ends of messages, by SQLSTATE."""

_WRONG_OPTIONS: Final = "refuses the parameter options in {setting}: {says}; correct it"
_OPTIONS_STATES: Final = frozenset({"22023", "42601", "42704"})
"""How a server refuses a connection with a wrong parameter ``options``."""


@contextmanager
def translate_startup_errors(url: DatabaseUrl) -> Iterator[None]:
    """Raise ``ConfigurationError`` for an error that the operator must correct, and ``StoreUnavailable`` for one that
    may be temporary. Both messages name the database, but not its password.
    """
    expected: tuple[type[Exception], ...] = (*_EXPECTED, *(() if url.is_sqlite else _driver_errors()))
    try:
        yield
    except expected as error:
        cause = _cause(error)
        if isinstance(cause, ConfigurationError):
            raise cause from error
        for each in causes(error):
            refusal = _refusal(sqlstate_of(each), url)
            if refusal is not None:
                end = refusal.format(says=sentence_of(each, url.secrets), setting=url.setting)
                raise ConfigurationError(f"{url} {end}.") from error
        fault = error if isinstance(error, StoreUnavailable) else _fault(url, cause)
        if fault.fault in LASTING or (url.is_sqlite and fault.fault not in _TEMPORARY):
            raise ConfigurationError(f"{url.setting}: {url} cannot be used. {fault}") from error
        raise StoreUnavailable(f"{url} cannot be reached: {_reason(error, cause, url)}.", fault=fault.fault) from error


def _refusal(state: str, url: DatabaseUrl) -> str | None:
    """Return the end of the message for a SQLSTATE that the operator must correct."""
    if state in _OPTIONS_STATES and "options" in url.server.options:
        return _WRONG_OPTIONS
    return _REFUSALS.get(state)


def _fault(url: DatabaseUrl, cause: Exception) -> StoreUnavailable:
    """Return what an error of the driver or of the operating system means."""
    return sqlite_faults.fault_of(cause) if url.is_sqlite else postgres_faults.fault_of(cause, setting=url.setting)


def _cause(error: Exception) -> Exception:
    """Return the error of the driver."""
    cause: BaseException | None = error
    if isinstance(error, DBAPIError):
        cause = getattr(error.orig, "__cause__", None) or error.orig  # SQLAlchemy wraps those of asyncpg twice
    elif isinstance(error, StoreUnavailable):
        cause = error.__cause__
    return cause if isinstance(cause, Exception) else error


def _driver_errors() -> tuple[type[Exception], ...]:
    """Return the errors that asyncpg raises while it connects; none without asyncpg."""
    try:
        import asyncpg  # noqa: PLC0415  # SQLite needs no driver of PostgreSQL
    except ModuleNotFoundError:
        return ()
    return (asyncpg.PostgresError, asyncpg.InterfaceError, asyncpg.InternalClientError)


def _reason(error: Exception, cause: Exception, url: DatabaseUrl) -> str:
    """Return the sentence of an error of connecting. The error of a statement may quote values: return its type."""
    if isinstance(cause, OSError) or not isinstance(error, (DBAPIError, StoreUnavailable)):
        return sentence_of(cause, url.secrets)
    return type(cause).__name__
