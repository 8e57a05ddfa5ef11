"""What is said at the start about a database that cannot be used."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from sqlalchemy.exc import DBAPIError, SQLAlchemyError

from ...domain.errors import ConfigurationError, StoreUnavailable
from .engine import Address

_REFUSED: Final = {
    "28P01": "refuses the password; correct it in KEYTURN_DATABASE_URL",
    "28000": "refuses the user; correct KEYTURN_DATABASE_URL, or the server's pg_hba.conf",
    "3D000": "has no such database; create it, or correct KEYTURN_DATABASE_URL",
    "42501": "lets this user create no tables; grant CREATE on the schema public",
}
"""By SQLSTATE."""


@contextmanager
def readable_failures(address: Address) -> Iterator[None]:
    """Raise ``ConfigurationError`` for what the operator must mend, and ``StoreUnavailable`` for what may pass, each
    naming the database and neither its password.
    """
    try:
        yield
    except (SQLAlchemyError, OSError, ValueError, _driver_error()) as error:
        cause: BaseException = error.orig if isinstance(error, DBAPIError) and error.orig is not None else error
        refusal = _REFUSED.get(getattr(cause, "sqlstate", None) or "")
        if refusal is not None:
            raise ConfigurationError(f"{address} {refusal}.") from error
        if address.is_file and "locked" not in str(cause):
            raise ConfigurationError(f"KEYTURN_DATABASE_URL: {address} cannot be used: {cause}.") from error
        raise StoreUnavailable(f"{address} cannot be reached: {_reason(cause)}.") from error


def _driver_error() -> type[Exception]:
    """Return what asyncpg raises while it connects; without asyncpg, nothing more."""
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
