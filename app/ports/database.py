"""A store that keeps users and clients too."""

from typing import Protocol

from .audit_record_repository import AuditRecordRepository
from .client_repository import ClientRepository
from .session_store import SessionStore
from .user_repository import UserRepository


class Database(SessionStore, Protocol):
    """A store that keeps users and clients too."""

    audit_records: AuditRecordRepository | None
    """The audit events; ``None`` where the store keeps none: then they are in the log only."""

    users: UserRepository
    """The users."""

    clients: ClientRepository
    """The clients."""
