"""A store of sessions that also stores users, clients and audit records."""

from typing import Protocol

from .audit_record_repository import AuditRecordRepository
from .client_repository import ClientRepository
from .session_reader import SessionReader
from .session_store import SessionStore
from .user_repository import UserRepository


class Database(SessionStore, Protocol):
    """A store of sessions, users, clients and audit records."""

    audit_records: AuditRecordRepository | None = None
    """The audit records; ``None`` if the database stores none, so that audit events are in the log only."""

    users: UserRepository
    """The users."""

    clients: ClientRepository
    """The clients."""

    session_reader: SessionReader | None = None
    """Reads a session and its user at once; ``None`` if the database needs two reads for that."""
