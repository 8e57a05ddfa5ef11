"""Which package serves which store, by the scheme of its URL; only the one that is chosen is imported."""

from collections.abc import Callable
from dataclasses import replace
from importlib.metadata import entry_points
from typing import Any, Final, cast

from ..domain.errors import ConfigurationError
from ..ports.database import Database
from ..ports.session_store import SessionStore, StoreOptions

ENTRY_POINTS: Final = "keyturn.stores"
"""The group in which other packages name their stores: the scheme, and a ``Callable[[str, StoreOptions], Database]``,
or one that makes a ``SessionStore``.
"""


def _memory(url: str, options: StoreOptions) -> Database:
    from ..adapters.memory.store import MemoryStore  # noqa: PLC0415  # a store that is not chosen need not be installed

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


def scheme(url: str) -> str:
    """Return the scheme of a store's URL."""
    return url.partition("://")[0].lower()


def session_store(url: str, options: StoreOptions) -> SessionStore:
    """Return the store that keeps the sessions at ``url``; raises ``ConfigurationError`` if there is none."""
    try:
        return _maker(scheme(url))(url, options)
    except ModuleNotFoundError as error:
        raise ConfigurationError(
            f"The store {scheme(url)}:// needs the package {error.name}, which is not installed. Stores are extras of"
            " this package: sqlite, postgresql, redis; as in pip install keyturn[sqlite]."
        ) from error


def database(url: str, options: StoreOptions) -> Database:
    """Return the store that keeps users and clients at ``url``; raises ``ConfigurationError`` if there is none."""
    store = session_store(url, replace(options, replicas=0))
    if not (hasattr(store, "users") and hasattr(store, "clients")):
        raise ConfigurationError(
            f"KEYTURN_DATABASE_URL: {scheme(url)}:// keeps sessions and no users. Give it as KEYTURN_SESSION_URL, and a"
            " database such as sqlite:///keyturn.db or postgresql://… for the users."
        )
    return cast("Database", store)


def _maker(name: str) -> Callable[[str, StoreOptions], SessionStore]:
    if name in _BUILT_IN:
        return _BUILT_IN[name]
    found = entry_points(group=ENTRY_POINTS, name=name)
    if not found:
        known = sorted(_BUILT_IN.keys() | entry_points(group=ENTRY_POINTS).names)
        raise ConfigurationError(f"There is no store for {name}:// URLs; there are {', '.join(known)}.")
    made: Any = next(iter(found)).load()
    return cast("Callable[[str, StoreOptions], SessionStore]", made)
