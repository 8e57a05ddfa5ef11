"""Open the store of a URL. The scheme of the URL chooses the package, which is imported only then."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any, Final, cast

from ..adapters.memory.rate_limits import MemoryRateLimitRepository
from ..adapters.store_urls.parts import WrongUrl, split_scheme
from ..domain.errors import ConfigurationError
from ..ports.database import Database
from ..ports.rate_limit_repository import RateLimitRepository
from ..ports.session_reader import SessionReader
from ..ports.session_repository import SessionRepository
from ..ports.session_store import SessionStore, StoreOptions
from ..ports.store_clock import StoreClock
from .foreign_store import foreign_store
from .store_package import find_package

SESSION_URL: Final = "KEYTURN_SESSION_URL"


def _memory(url: str, options: StoreOptions) -> Database:
    from ..adapters.memory.store import MemoryStore  # noqa: PLC0415  # the packages of other stores need not be installed

    return MemoryStore(url, options)


def _sql(url: str, options: StoreOptions) -> Database:
    from ..adapters.sql.store import SqlStore  # noqa: PLC0415  # as above

    return SqlStore(url, options)


def _redis(url: str, options: StoreOptions) -> SessionStore:
    from ..adapters.redis.store import RedisStore  # noqa: PLC0415  # as above

    return RedisStore(url, options)


_BUILT_IN: Final[dict[str, Callable[[str, StoreOptions], SessionStore]]] = {
    "memory": _memory,
    "postgres": _sql,
    "postgresql": _sql,
    "redis": _redis,
    "redis+cluster": _redis,
    "redis+sentinel": _redis,
    "rediss": _redis,
    "rediss+cluster": _redis,
    "rediss+sentinel": _redis,
    "sqlite": _sql,
}


_EXTRAS: Final = {
    "postgres": "postgresql",
    "postgresql": "postgresql",
    "redis": "redis",
    "rediss": "redis",
    "sqlite": "sqlite",
}
"""The extra that each built-in store needs, by the first part of its scheme."""


def scheme(url: str) -> str:
    """Return the scheme of a store's URL; raises ``ConfigurationError`` for a text that is no URL."""
    try:
        return split_scheme(url)[0]
    except WrongUrl as error:
        raise ConfigurationError(f"The URL of a store {error}.") from None


def session_store(url: str, options: StoreOptions) -> SessionStore:
    """Return the store at ``url``.

    Raises ``ConfigurationError`` for an unknown scheme, a package that is not installed, and a store of another package
    that does not serve the port.
    """
    return _store(url, options, SessionStore)


def _store(url: str, options: StoreOptions, port: type[Any]) -> SessionStore:
    name = scheme(url)
    if name not in _BUILT_IN:
        return foreign_store(find_package(name, options.setting, _BUILT_IN), url, options, port)
    try:
        return _BUILT_IN[name](url, options)
    except ModuleNotFoundError as error:
        raise ConfigurationError(
            f"The store {name}:// needs the package {error.name}, which is not installed{_mend(name)}."
        ) from error


def _mend(name: str) -> str:
    """Return the end of a sentence: how to install what the built-in store of this scheme needs."""
    extra = _EXTRAS.get(name.partition("+")[0])
    return "" if extra is None else f"; run pip install keyturn[{extra}]"


def database(url: str, options: StoreOptions) -> Database:
    """Return the store of users and clients at ``url``; raises ``ConfigurationError`` if it cannot keep them."""
    store = _store(url, replace(options, replicas=0), Database)
    if not (hasattr(store, "users") and hasattr(store, "clients")):
        raise ConfigurationError(
            f"{options.setting}: {scheme(url)}:// keeps sessions and no users. Give it as {SESSION_URL}, and a"
            " database such as sqlite:///keyturn.db or postgresql://… for the users."
        )
    return cast("Database", store)


def session_store_beside(database: Database, url: str | None, options: StoreOptions) -> SessionStore:
    """Return the store of the sessions at ``url``; without a URL, ``database`` keeps the sessions."""
    return database if url is None else session_store(url, replace(options, setting=SESSION_URL))


def distinct(sessions: SessionStore, database: Database) -> tuple[SessionStore, ...]:
    """Return each store once, the store of the sessions first."""
    return (sessions,) if sessions is database else (sessions, database)


def session_reader(
    sessions: SessionStore, database: Database, *, joined: SessionReader | None, separate: SessionReader
) -> SessionReader:
    """Return ``joined`` if one store keeps the sessions and the users and reads both at once, else ``separate``."""
    return separate if joined is None or sessions is not database else joined


def reserved_sessions(store: SessionStore) -> SessionRepository:
    """Return the sessions of ``store`` for revocations: on connections of their own, if the store reserves some."""
    return store.sessions if store.reserved_sessions is None else store.reserved_sessions


def rate_limits(store: SessionStore) -> RateLimitRepository:
    """Return the rate limits of ``store``, or rate limits in memory if the store keeps none."""
    return MemoryRateLimitRepository() if store.rate_limits is None else store.rate_limits


def clock(stores: Sequence[SessionStore]) -> StoreClock | None:
    """Return the clock of the first store that has one; ``None`` if all are on the machine of the service."""
    return next((each.clock for each in stores if each.clock is not None), None)
