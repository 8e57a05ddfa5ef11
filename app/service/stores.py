"""Open the store of a URL. The scheme of the URL chooses the package, which is imported only then."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from importlib.metadata import entry_points
from typing import Any, Final, cast

from ..adapters.memory.rate_limits import MemoryRateLimitRepository
from ..adapters.store_urls.parts import WrongUrl, split_scheme
from ..domain.errors import ConfigurationError
from ..ports.database import Database
from ..ports.rate_limit_repository import RateLimitRepository
from ..ports.session_reader import SessionReader
from ..ports.session_repository import SessionRepository
from ..ports.session_store import Rehearsal, SessionStore, StoreOptions
from ..ports.store_clock import StoreClock

SESSION_URL: Final = "KEYTURN_SESSION_URL"

ENTRY_POINTS: Final = "keyturn.stores"
"""The entry-point group in which other packages register their stores. The name is the URL scheme. The object is a
``Callable[[str, StoreOptions], Database]``, or one that returns a ``SessionStore``.
"""


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
    """Return the store at ``url``; raises ``ConfigurationError`` for an unknown scheme or a package not installed."""
    try:
        return _factory(scheme(url), options.setting)(url, options)
    except ModuleNotFoundError as error:
        raise ConfigurationError(
            f"The store {scheme(url)}:// needs the package {error.name}, which is not installed{_mend(scheme(url))}."
        ) from error


def _mend(name: str) -> str:
    """Return the end of a sentence: how to install what the built-in store of this scheme needs."""
    extra = _EXTRAS.get(name.partition("+")[0])
    return "" if extra is None else f"; run pip install keyturn[{extra}]"


def database(url: str, options: StoreOptions) -> Database:
    """Return the store of users and clients at ``url``; raises ``ConfigurationError`` if it cannot keep them."""
    store = session_store(url, replace(options, replicas=0))
    if not (hasattr(store, "users") and hasattr(store, "clients")):
        raise ConfigurationError(
            f"{options.setting}: {scheme(url)}:// keeps sessions and no users. Give it as {SESSION_URL}, and a"
            " database such as sqlite:///keyturn.db or postgresql://… for the users."
        )
    return cast("Database", store)


async def rehearse(store: SessionStore) -> Rehearsal:
    """Return what ``store.rehearse`` returns. A store that lacks it, which another package may have, is opened, checked
    and closed.
    """
    if getattr(type(store), "rehearse", SessionStore.rehearse) is not SessionStore.rehearse:
        return await store.rehearse()
    try:
        await store.open()
        await store.check()
    finally:
        await store.close()
    return Rehearsal()


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
    return cast("SessionRepository", getattr(store, "reserved_sessions", store.sessions))


def rate_limits(store: SessionStore) -> RateLimitRepository:
    """Return the rate limits of ``store``, or rate limits in memory if the store keeps none."""
    return MemoryRateLimitRepository() if store.rate_limits is None else store.rate_limits


def clock(stores: Sequence[SessionStore]) -> StoreClock | None:
    """Return the clock of the first store that has one; ``None`` if all are on the machine of the service."""
    return next((each.clock for each in stores if getattr(each, "clock", None) is not None), None)


def _factory(name: str, setting: str) -> Callable[[str, StoreOptions], SessionStore]:
    if name in _BUILT_IN:
        return _BUILT_IN[name]
    found = entry_points(group=ENTRY_POINTS, name=name)
    if not found:
        known = sorted(_BUILT_IN.keys() | entry_points(group=ENTRY_POINTS).names)
        raise ConfigurationError(
            f"{setting}: there is no store for URLs of this scheme; the known schemes are {', '.join(known)}."
        )
    factory: Any = next(iter(found)).load()
    return cast("Callable[[str, StoreOptions], SessionStore]", factory)
