"""The stores, and the repositories in them."""

from functools import partial

from dependency_injector import containers, providers

from ..adapters.memory.rate_limits import MemoryRateLimitRepository
from ..domain.sessions.policy import SessionPolicy
from ..domain.tokens.policy import AccessTokenPolicy
from ..ports.audit_record_repository import AuditRecordRepository
from ..ports.client_repository import ClientRepository
from ..ports.database import Database
from ..ports.rate_limit_repository import RateLimitRepository
from ..ports.session_repository import SessionRepository
from ..ports.session_store import SessionStore, StoreOptions
from ..ports.session_sweeper import SessionSweeper
from ..ports.telemetry import Telemetry
from ..ports.user_repository import UserRepository
from .settings import Settings
from .stores import database, session_store
from .telemetry import measured_repository


def _session_store(url: str | None, users: Database, options: StoreOptions) -> SessionStore:
    return users if url is None else session_store(url, options)


def _distinct(sessions: SessionStore, users: Database) -> tuple[SessionStore, ...]:
    return (sessions,) if sessions is users else (sessions, users)


def _audit_events(users: Database) -> AuditRecordRepository | None:
    """A database of another package may know nothing of them."""
    return getattr(users, "audit_records", None)


def _budgets(store: SessionStore) -> RateLimitRepository:
    return MemoryRateLimitRepository() if store.rate_limits is None else store.rate_limits


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
    distinct: providers.Provider[tuple[SessionStore, ...]] = providers.Singleton(_distinct, session_store, database)

    _measured = partial(providers.Singleton, measured_repository, telemetry=telemetry)
    users: providers.Provider[UserRepository] = _measured(database.provided.users, port=UserRepository, store="users")
    clients: providers.Provider[ClientRepository] = _measured(
        database.provided.clients, port=ClientRepository, store="clients"
    )
    sessions: providers.Provider[SessionRepository] = _measured(
        session_store.provided.sessions, port=SessionRepository, store="sessions"
    )
    sweeper: providers.Provider[SessionSweeper | None] = _measured(
        session_store.provided.sweeper, port=SessionSweeper, store="sweeper"
    )
    audit_records: providers.Provider[AuditRecordRepository | None] = providers.Singleton(_audit_events, database)
    rate_limits: providers.Provider[RateLimitRepository] = providers.Singleton(_budgets, session_store)
