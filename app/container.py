"""The parts list: which adapter serves which port, and what each part is made of."""

from collections.abc import Iterator

from dependency_injector import containers, providers

from .adapters.argon2 import Argon2Cost, Argon2PasswordHasher
from .adapters.http.application import HttpServices
from .adapters.jose.token_codec import JoseTokenCodec
from .adapters.keys.directory import DirectoryKeyStore
from .adapters.keys.environment import EnvironmentKeyStore, FileKeyStore
from .adapters.keys.generated import GeneratedKeyStore
from .adapters.memory.clients import MemoryClientRepository
from .adapters.memory.revocation_list import MemoryRevocationList
from .adapters.memory.sessions import MemorySessionRepository
from .adapters.memory.users import MemoryUserRepository
from .adapters.system import SystemClock, SystemRandomness
from .adapters.telemetry.audit_log import LogAuditTrail
from .domain.model.policy import AccessTokenPolicy, SessionPolicy
from .domain.services.accounts import Accounts
from .domain.services.authentication import Authentication
from .domain.services.issuance import Issuance
from .domain.services.key_lifecycle import KeyLifecycle
from .domain.services.retention import Retention
from .domain.services.revocation import Revocation
from .domain.services.rotation import Rotation
from .domain.services.sessions import Sessions
from .domain.services.validation import Validation
from .ports.audit import AuditTrail
from .ports.clients import ClientRepository
from .ports.clock import Clock
from .ports.key_store import KeyStore
from .ports.password_hasher import PasswordHasher
from .ports.randomness import Randomness
from .ports.revocation_list import RevocationList
from .ports.sessions import SessionRepository
from .ports.token_codec import TokenCodec
from .ports.users import UserRepository
from .settings import Settings


def _closing(hasher: Argon2PasswordHasher) -> Iterator[Argon2PasswordHasher]:
    yield hasher
    hasher.close()


class MemoryStores(containers.DeclarativeContainer):
    """Everything in this process's memory."""

    sessions: providers.Provider[SessionRepository] = providers.Singleton(MemorySessionRepository)
    users: providers.Provider[UserRepository] = providers.Singleton(MemoryUserRepository)
    clients: providers.Provider[ClientRepository] = providers.Singleton(MemoryClientRepository)


class KeyStores(containers.DeclarativeContainer):
    """Where signing keys come from; the settings name one."""

    settings = providers.Dependency(instance_of=Settings)

    chosen: providers.Provider[KeyStore] = providers.Selector(
        settings.provided.key_source,
        generated=providers.Singleton(GeneratedKeyStore, bits=settings.provided.key_size),
        environment=providers.Singleton(
            EnvironmentKeyStore, pem=settings.provided.signing_key, passphrase=settings.provided.key_passphrase
        ),
        file=providers.Singleton(
            FileKeyStore, path=settings.provided.signing_key_file, passphrase=settings.provided.key_passphrase
        ),
        directory=providers.Singleton(
            DirectoryKeyStore, directory=settings.provided.keys_dir, passphrase=settings.provided.key_passphrase
        ),
    )


class Container(containers.DeclarativeContainer):
    """The service."""

    settings = providers.Dependency(instance_of=Settings)

    stores = providers.Container(MemoryStores)
    key_stores = providers.Container(KeyStores, settings=settings)

    clock: providers.Provider[Clock] = providers.Singleton(SystemClock)
    randomness: providers.Provider[Randomness] = providers.Singleton(SystemRandomness)
    audit: providers.Provider[AuditTrail] = providers.Singleton(LogAuditTrail)
    codec: providers.Provider[TokenCodec] = providers.Singleton(JoseTokenCodec)
    revoked: providers.Provider[RevocationList] = providers.Singleton(MemoryRevocationList)
    hasher: providers.Provider[PasswordHasher] = providers.Singleton(
        Argon2PasswordHasher,
        cost=providers.Factory(
            Argon2Cost,
            memory=settings.provided.password_hash_memory,
            iterations=settings.provided.password_hash_iterations,
        ),
        threads=settings.provided.password_hash_threads,
        queue=settings.provided.password_hash_queue,
    )
    hasher_threads = providers.Resource(_closing, hasher)

    access_tokens = providers.Singleton(
        AccessTokenPolicy,
        issuer=settings.provided.issuer,
        audience=settings.provided.audience,
        lifetime=settings.provided.access_token_ttl,
        leeway=settings.provided.clock_leeway,
    )
    session_policy = providers.Singleton(
        SessionPolicy,
        lifetime=settings.provided.refresh_token_ttl,
        idle_lifetime=settings.provided.refresh_idle_ttl,
        replay_window=settings.provided.replay_window,
    )

    keys = providers.Singleton(KeyLifecycle, store=key_stores.chosen, codec=codec, clock=clock)
    validation = providers.Singleton(Validation, verifier=codec, revoked=revoked, clock=clock, policy=access_tokens)
    issuance = providers.Singleton(
        Issuance,
        sessions=stores.sessions,
        keys=keys,
        codec=codec,
        clock=clock,
        randomness=randomness,
        audit=audit,
        access_tokens=access_tokens,
        session_policy=session_policy,
    )
    revocation = providers.Singleton(
        Revocation, sessions=stores.sessions, revoked=revoked, clock=clock, audit=audit, policy=access_tokens
    )
    rotation = providers.Singleton(
        Rotation,
        sessions=stores.sessions,
        users=stores.users,
        clients=stores.clients,
        issuance=issuance,
        revocation=revocation,
        clock=clock,
        randomness=randomness,
        audit=audit,
        policy=session_policy,
    )
    authentication = providers.Singleton(
        Authentication, users=stores.users, hasher=hasher, issuance=issuance, clock=clock, audit=audit
    )
    sessions = providers.Singleton(Sessions, sessions=stores.sessions, revocation=revocation, clock=clock)
    accounts = providers.Singleton(Accounts, users=stores.users, hasher=hasher, randomness=randomness)
    retention = providers.Singleton(
        Retention,
        sessions=stores.sessions,
        revoked=revoked,
        clock=clock,
        access_tokens=access_tokens,
        session_policy=session_policy,
    )

    http_services = providers.Singleton(
        HttpServices,
        authentication=authentication,
        rotation=rotation,
        revocation=revocation,
        validation=validation,
        sessions=sessions,
        codec=codec,
        jwks_max_age=settings.provided.jwks_max_age,
        body_timeout=settings.provided.body_timeout,
    )
