"""The container: each part can be made in every configuration, and serves its port."""

import inspect
import time
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any, Final, get_origin

import pytest
from dependency_injector import providers

from app.adapters.keys.directory import DirectoryKeyRing, create_key_file
from app.adapters.keys.environment import EnvironmentKeyStore, FileKeyStore
from app.adapters.keys.generated import GeneratedKeyStore
from app.adapters.keys.shared import SharedKeyRing
from app.adapters.memory.rate_limits import MemoryRateLimitRepository
from app.domain.clocks.trusted_clock import TrustedClock
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
from app.ports.session_reader import SessionReader
from app.ports.session_repository import SessionRepository
from app.ports.session_store import SessionStore
from app.ports.session_sweeper import SessionSweeper
from app.ports.signer import Signer
from app.ports.telemetry import Telemetry
from app.ports.token_codec import TokenCodec
from app.ports.user_repository import UserRepository
from app.service.background import load_or_make_keys
from app.service.container import Container
from app.service.http_services import http_services
from app.service.settings import Settings
from app.service.signing_keys import shared_key_ring
from app.testing.system import FakeClock

CONFIGURATIONS: Final = {
    "generated": GeneratedKeyStore,
    "environment": EnvironmentKeyStore,
    "file": FileKeyStore,
    "directory": DirectoryKeyRing,
    "shared": SharedKeyRing,
}

PORTS: Final[dict[str, type[Any]]] = {
    "argon2": PasswordHasher,
    "audit_record_repository": AuditRecordRepository,
    "audit_trail": AuditTrail,
    "client_assertions": ClientAssertionReader,
    "client_repository": ClientRepository,
    "machine_clock": Clock,
    "clock": Clock,
    "common_passwords": CommonPasswords,
    "database": Database,
    "key_generator": KeyGenerator,
    "key_store": KeyStore,
    "password_hasher": PasswordHasher,
    "randomness": Randomness,
    "rate_limit_repository": RateLimitRepository,
    "session_reader": SessionReader,
    "session_repository": SessionRepository,
    "reserved_session_repository": SessionRepository,
    "session_store": SessionStore,
    "session_sweeper": SessionSweeper,
    "signer": Signer,
    "telemetry": Telemetry,
    "token_codec": TokenCodec,
    "user_repository": UserRepository,
}


@pytest.fixture(scope="module")
def key_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a key file, alone in its directory."""
    return create_key_file(tmp_path_factory.mktemp("keys"), bits=2048, passphrase=None, activates_at=0.0)


@pytest.fixture(params=CONFIGURATIONS)
def settings(request: pytest.FixtureRequest, key_file: Path) -> Settings:
    """Return settings for each source of signing keys."""
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
    """Return a container for each source of signing keys."""
    container = Container(settings=settings)
    yield container
    container.shutdown_resources()


def test_every_provider_resolves(container: Container) -> None:
    """Each part can be made, none is a future, and each is made only once."""
    made = 0
    for provider in _providers(container):
        part = provider()
        assert not inspect.isawaitable(part), provider
        assert provider() is part
        made += 1
    assert made > len(Container.providers) // 2


def test_every_service_has_the_type_of_its_key(container: Container) -> None:
    """The application gets each service under the key of its own type."""
    for key, service in http_services(container).items():
        kind: Any = key._t
        accepted = (float, int) if kind is float else (get_origin(kind) or kind,)
        assert set(accepted) & set(type(service).__mro__), key


def test_a_store_without_rate_limits_leaves_them_to_the_process() -> None:
    """The rate limits of the store are used; if it keeps none, they are in memory."""
    container = Container(settings=Settings())
    assert container.rate_limit_repository() is container.session_store().rate_limits
    container.reset_singletons()
    with container.session_store.override(providers.Object(SimpleNamespace(rate_limits=None))):
        assert isinstance(container.rate_limit_repository(), MemoryRateLimitRepository)


def test_an_override_reaches_every_part(settings: Settings) -> None:
    """Parts use an overridden clock, of the class or of one container; containers made outside the override do not."""
    one, another = FakeClock(), FakeClock()
    with Container.clock.override(providers.Object(one)):
        overridden = Container(settings=settings)
    container = Container(settings=settings)
    container.clock.override(providers.Object(another))
    for name in (
        "key_lifecycle",
        "key_reload",
        "validation",
        "rotation",
        "authentication",
        "client_authentication",
        "retention",
    ):
        assert getattr(overridden, name)()._clock is one
        assert getattr(container, name)()._clock is another
    assert type(Container(settings=settings).clock()) is TrustedClock


def test_the_settings_choose_the_keys(container: Container, settings: Settings) -> None:
    """The configured source of keys is the one in use; rotation needs a source that can be changed."""
    assert (container.key_rotation() is not None) == (settings.key_source in {"directory", "shared"})
    assert type(container.key_store()) is CONFIGURATIONS[settings.key_source]


async def test_the_keys_of_every_source_sign(container: Container) -> None:
    """Keys of each source can be loaded, and one of them signs."""
    await container.session_store().prepare()
    await load_or_make_keys(container.key_lifecycle(), container.key_rotation())
    installed = container.token_codec().keys()[0]
    await container.session_store().close()
    assert container.key_lifecycle().signing_kid() == installed.kid


@pytest.mark.parametrize(("name", "port"), PORTS.items())
def test_a_part_serves_its_port(container: Container, name: str, port: type[Any]) -> None:
    """A part has all methods of its port, with parameters of the same names and kinds."""
    served = getattr(container, name)()
    members = inspect.getmembers(port, inspect.isfunction)
    methods = [each for each in members if each[0] == "__contains__" or not each[0].startswith("_")]
    assert methods
    for method, declared in methods:
        offered = getattr(type(served), method)
        assert offered is not declared, f"{type(served).__name__} lacks {method}"
        assert _parameters(offered) == _parameters(declared), f"{type(served).__name__}.{method}"
        assert inspect.iscoroutinefunction(offered) == inspect.iscoroutinefunction(declared)


def test_every_port_is_tried() -> None:
    """No part that is declared to serve a port is missing in ``PORTS``."""
    declared = set(inspect.get_annotations(Container)) - {"distinct_stores", "key_rotation", "store_clock"}
    assert declared | {"clock"} == PORTS.keys()


def _parameters(function: Any) -> list[tuple[str, object]]:
    return [(each.name, each.kind) for each in inspect.signature(function).parameters.values()]


def _providers(container: Any) -> Iterator[providers.Provider[Any]]:
    """Yield the providers of all parts, except key stores that are not configured: their setting is missing."""
    for provider in container.traverse(types=[providers.Singleton, providers.Selector]):
        if getattr(provider, "provides", None) not in (*CONFIGURATIONS.values(), shared_key_ring):
            yield provider
