"""The parts list: every part can be made, in every configuration, and serves its port."""

import inspect
import operator
import time
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any, Final

import pytest
from dependency_injector import containers, providers

from app.adapters.keys.directory import DirectoryKeyRing, create_key_file
from app.adapters.keys.environment import EnvironmentKeyStore, FileKeyStore
from app.adapters.keys.generated import GeneratedKeyStore
from app.adapters.keys.shared import SharedKeyRing
from app.adapters.memory.rate_limits import MemoryRateLimitRepository
from app.adapters.system import SystemClock
from app.ports.audit_record_repository import AuditRecordRepository
from app.ports.audit_trail import AuditTrail
from app.ports.client_assertion_reader import ClientAssertionReader
from app.ports.client_repository import ClientRepository
from app.ports.clock import Clock
from app.ports.common_passwords import CommonPasswords
from app.ports.database import Database
from app.ports.key_generator import KeyGenerator
from app.ports.key_store import KeyStore
from app.ports.password_hasher import PasswordHasher
from app.ports.randomness import Randomness
from app.ports.rate_limit_repository import RateLimitRepository
from app.ports.session_repository import SessionRepository
from app.ports.session_store import SessionStore
from app.ports.session_sweeper import SessionSweeper
from app.ports.telemetry import Telemetry
from app.ports.token_codec import TokenCodec
from app.ports.user_repository import UserRepository
from app.service.background import bring_up_keys
from app.service.container import Container
from app.service.container_key_stores import KeyStores
from app.service.container_stores import Stores
from app.service.settings import Settings
from app.testing.system import FakeClock

CONFIGURATIONS: Final = {
    "generated": GeneratedKeyStore,
    "environment": EnvironmentKeyStore,
    "file": FileKeyStore,
    "directory": DirectoryKeyRing,
    "shared": SharedKeyRing,
}

PARTS: Final = {"": Container, "stores.": Stores, "key_stores.": KeyStores}

PORTS: Final[dict[str, type[Any]]] = {
    "argon2": PasswordHasher,
    "audit": AuditTrail,
    "client_assertions": ClientAssertionReader,
    "audit_log": AuditTrail,
    "clock": Clock,
    "common_passwords": CommonPasswords,
    "codec": TokenCodec,
    "hasher": PasswordHasher,
    "key_generator": KeyGenerator,
    "key_stores.chosen": KeyStore,
    "randomness": Randomness,
    "stores.audit_records": AuditRecordRepository,
    "stores.rate_limits": RateLimitRepository,
    "stores.clients": ClientRepository,
    "stores.database": Database,
    "stores.session_store": SessionStore,
    "stores.sessions": SessionRepository,
    "stores.sweeper": SessionSweeper,
    "stores.users": UserRepository,
    "telemetry": Telemetry,
}


@pytest.fixture(scope="module")
def key_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a key file, alone in its directory."""
    return create_key_file(tmp_path_factory.mktemp("keys"), bits=2048, passphrase=None, activates_at=0.0)


@pytest.fixture(params=CONFIGURATIONS)
def settings(request: pytest.FixtureRequest, key_file: Path) -> Settings:
    """Return settings of each kind."""
    given = {
        "generated": {},
        "environment": {"KEYTURN_SIGNING_KEY": key_file.read_text()},
        "file": {"KEYTURN_SIGNING_KEY_FILE": str(key_file)},
        "directory": {"KEYTURN_KEYS_DIR": str(key_file.parent)},
        "shared": {
            "KEYTURN_KEY_ENCRYPTION_KEY": "A" * 43,
            "KEYTURN_DATABASE_URL": f"sqlite:///{key_file.parent}/shared-{time.time_ns()}.db",
        },
    }
    return Settings.from_environment({**given[request.param], "KEYTURN_PASSWORD_HASH_MEMORY": "8192"})


@pytest.fixture
def container(settings: Settings) -> Iterator[Container]:
    """Return a container of each configuration."""
    container = Container(settings=settings)
    yield container
    container.shutdown_resources()


def test_every_provider_resolves(container: Container) -> None:
    """Each part can be made, none is a future, and each ``Singleton`` is made once."""
    made = 0
    for provider in _providers(container):
        part = provider()
        assert not inspect.isawaitable(part), provider
        assert provider() is part
        made += 1
    assert made > len(Container.providers) // 2


def test_a_store_without_budgets_leaves_them_to_the_process() -> None:
    """Each of a store's own is used; without any, those in memory are."""
    container = Container(settings=Settings())
    store = container.stores.session_store()
    assert container.stores.rate_limits() is store.rate_limits
    container.stores.reset_singletons()
    with container.stores.session_store.override(providers.Object(SimpleNamespace(rate_limits=None))):
        assert isinstance(container.stores.rate_limits(), MemoryRateLimitRepository)


def test_an_override_reaches_every_subject(settings: Settings) -> None:
    """A part that is overridden, for all containers or for one, is what all others are made of, in whichever file they
    are; what is made elsewhere, or afterwards, is not.
    """
    one, another = FakeClock(), FakeClock()
    with Container.clock.override(providers.Object(one)):
        overridden = Container(settings=settings)
    container = Container(settings=settings)
    container.clock.override(providers.Object(another))
    for name in (
        "keys",
        "key_reload",
        "validation",
        "rotation",
        "authentication",
        "client_authentication",
        "retention",
    ):
        assert getattr(overridden, name)()._clock is one
        assert getattr(container, name)()._clock is another
    assert type(Container(settings=settings).clock()) is SystemClock


def test_the_settings_choose_the_keys(container: Container, settings: Settings) -> None:
    """The source of keys that is configured is the one that is used."""
    assert (container.key_rotation() is not None) == (settings.key_source in {"directory", "shared"})
    assert type(container.key_stores.chosen()) is CONFIGURATIONS[settings.key_source]


async def test_the_keys_of_every_source_sign(container: Container) -> None:
    """Whatever their source, the keys can be loaded, and one signs."""
    await container.stores.session_store().prepare()
    await bring_up_keys(container.keys(), container.key_rotation())
    installed = container.codec().keys()[0]
    await container.stores.session_store().close()
    assert container.keys().signing_kid() == installed.kid


@pytest.mark.parametrize(("name", "port"), PORTS.items())
def test_a_part_serves_its_port(container: Container, name: str, port: type[Any]) -> None:
    """What is declared to serve a port has all its methods, with parameters of the same names and kinds."""
    served = operator.attrgetter(name)(container)()
    members = inspect.getmembers(port, inspect.isfunction)
    methods = [each for each in members if each[0] == "__contains__" or not each[0].startswith("_")]
    assert methods
    for method, declared in methods:
        offered = getattr(type(served), method)
        assert offered is not declared, f"{type(served).__name__} lacks {method}"
        assert _parameters(offered) == _parameters(declared), f"{type(served).__name__}.{method}"
        assert inspect.iscoroutinefunction(offered) == inspect.iscoroutinefunction(declared)


def test_every_port_is_tried() -> None:
    """No part that is declared to serve a port is missing above."""
    declared = [
        f"{prefix}{name}"
        for prefix, parts in PARTS.items()
        for subject in parts.__mro__
        if issubclass(subject, containers.DeclarativeContainer)
        for name in inspect.get_annotations(subject)
    ]
    for name in ("stores.distinct", "stores.telemetry", "key_stores.session_store"):
        declared.remove(name)
    assert sorted(declared) == sorted(PORTS)


def _parameters(function: Any) -> list[tuple[str, object]]:
    return [(each.name, each.kind) for each in inspect.signature(function).parameters.values()]


def _providers(container: Any) -> Iterator[providers.Provider[Any]]:
    """Yield what makes the parts, but for the sources of keys that are not configured: they lack their setting."""
    for provider in container.traverse(types=[providers.Singleton, providers.Selector]):
        if getattr(provider, "cls", None) not in CONFIGURATIONS.values():
            yield provider
