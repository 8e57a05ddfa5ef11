"""The store for a URL."""

import sys
from importlib.metadata import EntryPoint, EntryPoints
from typing import Final

import pytest

from app.adapters.memory.sessions import MemorySessionRepository
from app.adapters.memory.store import MemoryStore
from app.domain.errors import ConfigurationError
from app.ports.session_store import Rehearsal, SessionStore, StoreOptions
from app.service.foreign_store import ForeignStore
from app.service.stores import database, reserved_sessions, session_store

OPTIONS: Final = StoreOptions()


class SessionsOnly:
    """A store of another package that keeps no users. It has only the members that have no default."""

    def __init__(self, url: str, options: StoreOptions) -> None:
        self.url = url
        self.options = options
        self.sessions = MemorySessionRepository()
        self.calls: list[str] = []

    async def prepare(self) -> None: ...

    async def open(self) -> None:
        self.calls.append("open")

    async def check(self) -> None:
        self.calls.append("check")

    async def await_revocation(self, *, seconds: float) -> None: ...

    async def close(self) -> None:
        self.calls.append("close")


@pytest.fixture
def another_package(monkeypatch: pytest.MonkeyPatch) -> None:
    """Install a package that registers its store."""
    found = EntryPoints([EntryPoint("shelf", f"{__name__}:SessionsOnly", "keyturn.stores")])
    monkeypatch.setattr("app.service.store_package.entry_points", lambda *, group: found.select(group=group))


def made(loaded: SessionStore) -> SessionsOnly:
    """Return the object that the other package has made."""
    assert isinstance(loaded, ForeignStore)
    assert isinstance(loaded.another, SessionsOnly)
    return loaded.another


def store_of(url: str) -> SessionStore:
    """Return the store at ``url``."""
    return session_store(url, OPTIONS)


def test_the_scheme_chooses_the_store() -> None:
    """A URL gets the store of its scheme, which can also keep users."""
    assert isinstance(store_of("memory://"), MemoryStore)
    assert isinstance(database("memory://", OPTIONS), MemoryStore)


@pytest.mark.usefixtures("another_package")
def test_another_package_can_bring_a_store() -> None:
    """A store of another package is found by its entry point, and gets the URL and the options."""
    store = made(store_of("shelf:///var/lib/shelf"))
    assert (store.url, store.options) == ("shelf:///var/lib/shelf", OPTIONS)


@pytest.mark.usefixtures("another_package")
async def test_what_another_store_lacks_has_the_default() -> None:
    """A store that lacks all members that have a default gets them; the doctor opens, checks and closes it
    instead of rehearsing.
    """
    store = store_of("shelf:///var/lib/shelf")
    assert (store.sweeper, store.signing_keys, store.rate_limits, store.clock) == (None, None, None, None)
    assert (reserved_sessions(store), store.place) == (store.sessions, "SessionsOnly")
    assert await store.rehearse() == Rehearsal()
    assert made(store).calls == ["open", "check", "close"]


@pytest.mark.usefixtures("another_package")
def test_a_session_store_is_refused_as_a_database() -> None:
    """A store without users is refused as the database; the error names the setting to use instead."""
    with pytest.raises(ConfigurationError, match="Give it as KEYTURN_SESSION_URL"):
        database("shelf:///var/lib/shelf", OPTIONS)


@pytest.mark.usefixtures("another_package")
def test_an_unknown_scheme_is_refused() -> None:
    """The error lists the schemes of all packages, and does not show the URL, which may have a password."""
    with pytest.raises(
        ConfigurationError,
        match=r"KEYTURN_DATABASE_URL: there is no store for URLs of this scheme; the known .*memory, .*shelf",
    ):
        store_of("mongodb://keyturn:a-password@localhost")


@pytest.mark.parametrize(
    ("url", "module"),
    [("sqlite:///keyturn.db", "sqlalchemy"), ("postgresql://localhost/keyturn", "sqlalchemy")],
)
def test_a_missing_package_is_named(monkeypatch: pytest.MonkeyPatch, url: str, module: str) -> None:
    """The error names the missing package and says how to install it."""
    for name in [each for each in sys.modules if each.startswith(("app.adapters.sql", "app.adapters.redis"))]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, module, None)
    with pytest.raises(ConfigurationError, match=rf"needs the package {module}.*pip install"):
        store_of(url)


@pytest.mark.parametrize("url", ["memory://here", "memory:///"])
def test_memory_takes_no_address(url: str) -> None:
    """A memory URL with an address is refused."""
    with pytest.raises(ConfigurationError, match="memory://"):
        store_of(url)


def test_memory_has_no_replicas() -> None:
    """Replicas are refused for a memory store."""
    with pytest.raises(ConfigurationError, match="replicas"):
        session_store("memory://", StoreOptions(replicas=1))
