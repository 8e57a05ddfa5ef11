"""Which store serves a URL."""

import sys
from importlib.metadata import EntryPoint, EntryPoints
from typing import Final

import pytest

from app.adapters.memory.store import MemoryStore
from app.domain.errors import ConfigurationError
from app.ports.session_store import SessionStore, StoreOptions
from app.service.stores import database, session_store

OPTIONS: Final = StoreOptions()


class SessionsOnly:
    """A store of another package, which keeps no users."""

    def __init__(self, url: str, options: StoreOptions) -> None:
        self.url = url
        self.options = options


@pytest.fixture
def another_package(monkeypatch: pytest.MonkeyPatch) -> None:
    """Install a package that names its store."""
    found = EntryPoints([EntryPoint("shelf", f"{__name__}:SessionsOnly", "keyturn.stores")])
    monkeypatch.setattr("app.service.stores.entry_points", lambda *, group, **which: found.select(group=group, **which))


def store_of(url: str) -> SessionStore:
    """Return the store that serves ``url``."""
    return session_store(url, OPTIONS)


def test_the_scheme_chooses() -> None:
    """A URL gets the store of its scheme, which can keep users as well."""
    assert isinstance(store_of("memory://"), MemoryStore)
    assert isinstance(database("memory://", OPTIONS), MemoryStore)


@pytest.mark.usefixtures("another_package")
def test_another_package_can_bring_a_store() -> None:
    """It is found by its entry point, and made of the URL and the options."""
    store = store_of("shelf:///var/lib/shelf")
    assert isinstance(store, SessionsOnly)
    assert (store.url, store.options) == ("shelf:///var/lib/shelf", OPTIONS)


@pytest.mark.usefixtures("another_package")
def test_a_store_of_sessions_is_no_database() -> None:
    """Users need a store that keeps users; which setting to use instead is said."""
    with pytest.raises(ConfigurationError, match="Give it as KEYTURN_SESSION_URL"):
        database("shelf:///var/lib/shelf", OPTIONS)


@pytest.mark.usefixtures("another_package")
def test_an_unknown_scheme() -> None:
    """The schemes that there are, of all packages, are named; the URL, which may hold a password, is not."""
    with pytest.raises(ConfigurationError, match=r"There is no store for mongodb:// URLs; there are .*memory, .*shelf"):
        store_of("mongodb://keyturn:a-password@localhost")


@pytest.mark.parametrize(
    ("url", "module"),
    [("sqlite:///keyturn.db", "sqlalchemy"), ("postgresql://localhost/keyturn", "sqlalchemy")],
)
def test_an_extra_that_is_not_installed(monkeypatch: pytest.MonkeyPatch, url: str, module: str) -> None:
    """Which package is missing, and how to get it, is said."""
    for name in [each for each in sys.modules if each.startswith(("app.adapters.sql", "app.adapters.redis"))]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, module, None)
    with pytest.raises(ConfigurationError, match=rf"needs the package {module}.*pip install"):
        store_of(url)


@pytest.mark.parametrize("url", ["memory://here", "memory:///"])
def test_memory_is_nowhere_else(url: str) -> None:
    """A memory has no address."""
    with pytest.raises(ConfigurationError, match="memory://"):
        store_of(url)


def test_memory_has_no_replicas() -> None:
    """What cannot be confirmed is not promised."""
    with pytest.raises(ConfigurationError, match="replicas"):
        session_store("memory://", StoreOptions(replicas=1))
