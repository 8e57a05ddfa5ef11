"""The stores, and the repositories in them."""

from functools import partial

from dependency_injector import containers, providers

from ..adapters.memory.attempt_budgets import MemoryAttemptBudgets
from ..domain.model.policy import AccessTokenPolicy, SessionPolicy
from ..measurement import measured_repository
from ..ports.attempt_budgets import AttemptBudgets
from ..ports.audit_events import AuditEventRepository
from ..ports.clients import ClientRepository
from ..ports.session_sweeper import SessionSweeper
from ..ports.sessions import SessionRepository
from ..ports.store import Database, SessionStore, StoreOptions
from ..ports.telemetry import Telemetry
from ..ports.users import UserRepository
from ..settings import Settings
from ..stores import database, session_store


def _session_store(url: str | None, users: Database, options: StoreOptions) -> SessionStore:
    return users if url is None else session_store(url, options)


def _distinct(sessions: SessionStore, users: Database) -> tuple[SessionStore, ...]:
    return (sessions,) if sessions is users else (sessions, users)


def _audit_events(users: Database) -> AuditEventRepository | None:
    """A database of another package may know nothing of them."""
    return getattr(users, "audit_events", None)


def _budgets(store: SessionStore) -> AttemptBudgets:
    return MemoryAttemptBudgets() if store.budgets is None else store.budgets


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
    audit_events: providers.Provider[AuditEventRepository | None] = providers.Singleton(_audit_events, database)
    budgets: providers.Provider[AttemptBudgets] = providers.Singleton(_budgets, session_store)
