"""The parts list: which adapter serves which port, and what each part is made of."""

from collections.abc import Iterator
from operator import add, attrgetter
from typing import Any

from dependency_injector import containers, providers

from .adapters.argon2 import Argon2Cost, Argon2PasswordHasher
from .adapters.common_passwords import ListedPasswords
from .adapters.http.application import HttpServices
from .adapters.http.device_cookie import DeviceCookie
from .adapters.http.server_metadata import TOKEN_PATH, ServerMetadata
from .adapters.jose.client_assertions import ALGORITHMS, JoseClientAssertions
from .adapters.jose.key_sealer import JoseKeySealer
from .adapters.jose.token_codec import JoseTokenCodec
from .adapters.keys.directory import DirectoryKeyRing
from .adapters.keys.environment import EnvironmentKeyStore, FileKeyStore
from .adapters.keys.generated import GeneratedKeyStore
from .adapters.keys.generator import RsaKeyGenerator
from .adapters.keys.shared import SharedKeyRing
from .adapters.memory.attempt_budgets import MemoryAttemptBudgets
from .adapters.memory.revocation_list import MemoryRevocationList
from .adapters.memory.used_assertions import MemoryUsedAssertions
from .adapters.system import SystemClock, SystemRandomness
from .adapters.telemetry.audit_log import LogAuditTrail
from .adapters.telemetry.audit_recorder import AuditRecorder
from .domain.errors import ConfigurationError
from .domain.model.credentials import PasswordPolicy
from .domain.model.policy import AccessTokenPolicy, SessionPolicy
from .domain.model.throttle_policy import ThrottlePolicy
from .domain.services.accounts import Accounts
from .domain.services.administration import Administration
from .domain.services.admission import Admission
from .domain.services.authentication import Authentication
from .domain.services.client_authentication import ClientAuthentication
from .domain.services.client_credentials import ClientCredentials
from .domain.services.clients import Clients
from .domain.services.explanation import Explanation
from .domain.services.introspection import Introspection
from .domain.services.issuance import Issuance
from .domain.services.key_lifecycle import KeyLifecycle
from .domain.services.key_news import KeyNews
from .domain.services.key_rotation import KeyRotation
from .domain.services.password_change import PasswordChange
from .domain.services.passwords import Passwords
from .domain.services.retention import Retention
from .domain.services.revocation import Revocation
from .domain.services.revocation_feed import RevocationFeed
from .domain.services.rotation import Rotation
from .domain.services.sessions import Sessions
from .domain.services.throttling import Throttling
from .domain.services.token_revocation import TokenRevocation
from .domain.services.validation import Validation
from .measurement import chosen_telemetry, counted, measured_hasher, measured_repository, observers
from .ports.attempt_budgets import AttemptBudgets
from .ports.audit import AuditTrail
from .ports.audit_events import AuditEventRepository
from .ports.client_assertions import ClientAssertions, UsedAssertions
from .ports.clients import ClientRepository
from .ports.clock import Clock
from .ports.common_passwords import CommonPasswords
from .ports.key_store import KeyGenerator, KeyStore
from .ports.password_hasher import PasswordHasher
from .ports.randomness import Randomness
from .ports.revocation_list import RevocationList
from .ports.session_sweeper import SessionSweeper
from .ports.sessions import SessionRepository
from .ports.store import Database, SessionStore, StoreOptions
from .ports.telemetry import Telemetry
from .ports.token_codec import TokenCodec
from .ports.users import UserRepository
from .settings import Settings
from .stores import database, session_store


def _closing(hasher: Argon2PasswordHasher) -> Iterator[Argon2PasswordHasher]:
    yield hasher
    hasher.close()


def _session_store(url: str | None, users: Database, options: StoreOptions) -> SessionStore:
    return users if url is None else session_store(url, options)


def _distinct(sessions: SessionStore, users: Database) -> tuple[SessionStore, ...]:
    return (sessions,) if sessions is users else (sessions, users)


def _audit_events(users: Database) -> AuditEventRepository | None:
    """A database of another package may know nothing of them."""
    return getattr(users, "audit_events", None)


def _budgets(store: SessionStore) -> AttemptBudgets:
    return MemoryAttemptBudgets() if store.budgets is None else store.budgets


def _a_third(connections: int) -> int:
    """Return how many connections strangers may use: those whose device is looked up use as many, others the rest."""
    return max(1, connections // 3)


def _token_endpoint(issuer: str) -> str:
    return issuer.rstrip("/") + TOKEN_PATH


def _shared_ring(store: SessionStore, encryption_keys: tuple[bytes, ...] | None) -> SharedKeyRing:
    if store.signing_keys is None:
        raise ConfigurationError(
            "KEYTURN_KEY_ENCRYPTION_KEY: the store of the sessions keeps no signing keys; set KEYTURN_KEYS_DIR instead."
        )
    return SharedKeyRing(repository=store.signing_keys, sealer=JoseKeySealer(*encryption_keys or ()))


def _key_rotation(store: KeyStore, **parts: Any) -> KeyRotation | None:
    """Return what changes the keys, if the store of them can be changed."""
    return KeyRotation(ring=store, **parts) if isinstance(store, (DirectoryKeyRing, SharedKeyRing)) else None


class Stores(containers.DeclarativeContainer):
    """Where users, clients and sessions are kept; the settings name one store for all, or two."""

    settings = providers.Dependency(instance_of=Settings)
    access_tokens = providers.Dependency(instance_of=AccessTokenPolicy)
    session_policy = providers.Dependency(instance_of=SessionPolicy)
    telemetry: providers.Provider[Telemetry] = providers.Dependency()

    options = providers.Singleton(
        StoreOptions,
        timeout=settings.provided.store_timeout,
        connections=settings.provided.store_connections,
        salt_lifetime=session_policy.provided.salt_lifetime.call(),
        memory_of_revocations=access_tokens.provided.memory_of_revocations.call(),
        replicas=settings.provided.session_replicas,
    )
    database: providers.Provider[Database] = providers.Singleton(database, settings.provided.database_url, options)
    session_store: providers.Provider[SessionStore] = providers.Singleton(
        _session_store, settings.provided.session_url, database, options
    )
    users: providers.Provider[UserRepository] = providers.Singleton(
        measured_repository, database.provided.users, telemetry, port=UserRepository, store="users"
    )
    clients: providers.Provider[ClientRepository] = providers.Singleton(
        measured_repository, database.provided.clients, telemetry, port=ClientRepository, store="clients"
    )
    sessions: providers.Provider[SessionRepository] = providers.Singleton(
        measured_repository, session_store.provided.sessions, telemetry, port=SessionRepository, store="sessions"
    )
    sweeper: providers.Provider[SessionSweeper | None] = providers.Singleton(
        measured_repository, session_store.provided.sweeper, telemetry, port=SessionSweeper, store="sweeper"
    )
    audit_events: providers.Provider[AuditEventRepository | None] = providers.Singleton(_audit_events, database)
    budgets: providers.Provider[AttemptBudgets] = providers.Singleton(_budgets, session_store)
    distinct: providers.Provider[tuple[SessionStore, ...]] = providers.Singleton(_distinct, session_store, database)


class KeyStores(containers.DeclarativeContainer):
    """Where signing keys come from; the settings name one."""

    settings = providers.Dependency(instance_of=Settings)
    session_store: providers.Provider[SessionStore] = providers.Dependency()

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
            DirectoryKeyRing, directory=settings.provided.keys_dir, passphrase=settings.provided.key_passphrase
        ),
        shared=providers.Singleton(_shared_ring, session_store, settings.provided.key_encryption_key),
    )


class Container(containers.DeclarativeContainer):
    """The service."""

    settings = providers.Dependency(instance_of=Settings)

    clock: providers.Provider[Clock] = providers.Singleton(SystemClock)
    randomness: providers.Provider[Randomness] = providers.Singleton(SystemRandomness)
    telemetry: providers.Provider[Telemetry] = providers.Singleton(chosen_telemetry, settings.provided.metrics_port)
    audit_log: providers.Provider[AuditTrail] = providers.Singleton(LogAuditTrail)
    codec: providers.Provider[TokenCodec] = providers.Singleton(JoseTokenCodec)
    revoked: providers.Provider[RevocationList] = providers.Singleton(MemoryRevocationList)
    argon2: providers.Provider[PasswordHasher] = providers.Singleton(
        Argon2PasswordHasher,
        cost=providers.Factory(
            Argon2Cost,
            memory=settings.provided.password_hash_memory,
            iterations=settings.provided.password_hash_iterations,
        ),
        threads=settings.provided.password_hash_threads,
        queue=settings.provided.password_hash_queue,
    )
    hasher_threads = providers.Resource(_closing, argon2)
    hasher: providers.Provider[PasswordHasher] = providers.Singleton(
        measured_hasher, argon2, telemetry, threads=settings.provided.password_hash_threads
    )
    common_passwords: providers.Provider[CommonPasswords] = providers.Singleton(ListedPasswords)
    passwords = providers.Singleton(
        Passwords,
        common=common_passwords,
        hasher=hasher,
        policy=providers.Factory(PasswordPolicy, least_length=settings.provided.password_min_length),
    )

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

    stores = providers.Container(
        Stores, settings=settings, access_tokens=access_tokens, session_policy=session_policy, telemetry=telemetry
    )

    recorder = providers.Singleton(AuditRecorder, log=audit_log, events=stores.audit_events)
    audit: providers.Provider[AuditTrail] = providers.Singleton(counted, recorder, telemetry)

    key_stores = providers.Container(KeyStores, settings=settings, session_store=stores.session_store)
    key_policy = providers.Singleton(attrgetter("key_policy"), settings)
    key_generator: providers.Provider[KeyGenerator] = providers.Singleton(
        RsaKeyGenerator, bits=settings.provided.key_size
    )

    keys = providers.Singleton(KeyLifecycle, store=key_stores.chosen, codec=codec, clock=clock, policy=key_policy)
    key_rotation = providers.Singleton(
        _key_rotation, key_stores.chosen, generator=key_generator, clock=clock, audit=audit, policy=key_policy
    )
    key_news = providers.Singleton(KeyNews, clock=clock)
    validation = providers.Singleton(
        Validation,
        verifier=codec,
        revoked=revoked,
        clock=clock,
        policy=access_tokens,
        unknown_signer=key_news.provided.ask,
    )
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
    feed = providers.Singleton(
        RevocationFeed, revoked=revoked, keys=keys, codec=codec, clock=clock, policy=access_tokens
    )
    throttle_policy = providers.Singleton(
        ThrottlePolicy,
        account=settings.provided.login_account_budget,
        device=settings.provided.login_device_budget,
        account_and_network=settings.provided.login_address_budget,
        network=settings.provided.login_network_budget,
        everyone=settings.provided.login_budget,
        refresh=settings.provided.refresh_budget,
    )
    own_budgets: providers.Provider[AttemptBudgets] = providers.Singleton(MemoryAttemptBudgets)
    throttling = providers.Singleton(
        Throttling, budgets=stores.budgets, own=own_budgets, clock=clock, policy=throttle_policy
    )
    rotation = providers.Singleton(
        Rotation,
        sessions=stores.sessions,
        users=stores.users,
        clients=stores.clients,
        issuance=issuance,
        revocation=revocation,
        throttling=throttling,
        clock=clock,
        randomness=randomness,
        audit=audit,
        telemetry=telemetry,
        policy=session_policy,
    )
    admission = providers.Singleton(
        Admission,
        users=stores.users,
        throttling=throttling,
        clock=clock,
        audit=audit,
        telemetry=telemetry,
        policy=throttle_policy,
        device_lifetime=settings.provided.device_ttl,
        strangers=providers.Callable(
            add, settings.provided.password_hash_threads, settings.provided.password_hash_queue
        ),
        asking=providers.Callable(_a_third, settings.provided.store_connections),
    )
    authentication = providers.Singleton(
        Authentication,
        users=stores.users,
        hasher=hasher,
        issuance=issuance,
        revocation=revocation,
        admission=admission,
        clock=clock,
        randomness=randomness,
        audit=audit,
    )
    sessions = providers.Singleton(
        Sessions, sessions=stores.sessions, users=stores.users, revocation=revocation, clock=clock
    )
    accounts = providers.Singleton(
        Accounts,
        users=stores.users,
        passwords=passwords,
        hasher=hasher,
        randomness=randomness,
        clock=clock,
        audit=audit,
    )
    administration = providers.Singleton(
        Administration, users=stores.users, passwords=passwords, revocation=revocation, clock=clock, audit=audit
    )
    password_change = providers.Singleton(
        PasswordChange,
        users=stores.users,
        sessions=stores.sessions,
        authentication=authentication,
        passwords=passwords,
        revocation=revocation,
        clock=clock,
        audit=audit,
    )
    client_assertions: providers.Provider[ClientAssertions] = providers.Singleton(JoseClientAssertions)
    used_assertions: providers.Provider[UsedAssertions] = providers.Singleton(MemoryUsedAssertions)
    clients = providers.Singleton(
        Clients, clients=stores.clients, assertions=client_assertions, clock=clock, randomness=randomness, audit=audit
    )
    client_authentication = providers.Singleton(
        ClientAuthentication,
        clients=stores.clients,
        assertions=client_assertions,
        used=used_assertions,
        clock=clock,
        policy=access_tokens,
        token_endpoint=providers.Callable(_token_endpoint, settings.provided.issuer),
    )
    client_credentials = providers.Singleton(
        ClientCredentials,
        keys=keys,
        codec=codec,
        clock=clock,
        randomness=randomness,
        audit=audit,
        policy=access_tokens,
    )
    introspection = providers.Singleton(
        Introspection,
        sessions=stores.sessions,
        users=stores.users,
        validation=validation,
        throttling=throttling,
        clock=clock,
        policy=session_policy,
    )
    token_revocation = providers.Singleton(
        TokenRevocation,
        sessions=stores.sessions,
        revocation=revocation,
        validation=validation,
        clock=clock,
        audit=audit,
    )
    server_metadata = providers.Singleton(ServerMetadata, settings.provided.issuer, algorithms=ALGORITHMS)
    retention = providers.Singleton(
        Retention,
        sweeper=stores.sweeper,
        budgets=stores.budgets,
        revoked=revoked,
        clock=clock,
        access_tokens=access_tokens,
        session_policy=session_policy,
        events=stores.audit_events,
        event_lifetime=settings.provided.audit_retention,
    )
    explanation = providers.Singleton(
        Explanation,
        sessions=stores.sessions,
        users=stores.users,
        events=stores.audit_events,
        clock=clock,
        session_policy=session_policy,
    )

    http_services = providers.Singleton(
        HttpServices,
        authentication=authentication,
        rotation=rotation,
        revocation=revocation,
        validation=validation,
        sessions=sessions,
        accounts=accounts,
        administration=administration,
        explanation=explanation,
        password_change=password_change,
        default_scope=settings.provided.default_scope,
        clients=clients,
        client_authentication=client_authentication,
        client_credentials=client_credentials,
        introspection=introspection,
        token_revocation=token_revocation,
        server_metadata=server_metadata,
        codec=codec,
        feed=feed,
        clock=clock,
        jwks_max_age=settings.provided.jwks_max_age,
        device_cookie=providers.Factory(
            DeviceCookie, max_age=settings.provided.device_ttl, secure=settings.provided.is_public
        ),
        trusted_proxies=settings.provided.trusted_proxies,
        body_timeout=settings.provided.body_timeout,
        issuer=settings.provided.issuer,
        docs=settings.provided.docs,
        cors_origins=settings.provided.cors_origins,
        telemetry=telemetry,
        observers=providers.Singleton(observers, telemetry, traces=settings.provided.traces),
    )
