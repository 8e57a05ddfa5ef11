"""A store: what a persistence adapter is to the application."""

from dataclasses import dataclass
from typing import Protocol

from .encrypted_key_repository import EncryptedKeyRepository
from .rate_limit_repository import RateLimitRepository
from .session_repository import SessionRepository
from .session_sweeper import SessionSweeper


@dataclass(frozen=True, slots=True, kw_only=True)
class StoreOptions:
    """What every store is told, beside its URL.

    An act takes at most ``timeout`` seconds and then raises ``StoreUnavailable``; at most ``connections`` are open at
    once. A store that forgets by itself keeps a salt for ``salt_lifetime`` seconds after its rotation, and a session
    that was revoked or has expired for ``memory_of_revocations`` seconds. ``replicas`` is how many replicas must
    confirm a change before it is acknowledged; a store that cannot ask them refuses any number but 0.
    """

    timeout: float = 2.0
    connections: int = 10
    salt_lifetime: float = 60.0
    memory_of_revocations: float = 990.0
    replicas: int = 0


class SessionStore(Protocol):
    """One server or file that keeps sessions, and this process's way to it. Making one connects to nothing."""

    sessions: SessionRepository
    """The sessions."""

    sweeper: SessionSweeper | None
    """What deletes old sessions; ``None`` where the store forgets by itself."""

    signing_keys: EncryptedKeyRepository | None
    """The signing keys, encrypted; ``None`` where the store keeps none."""

    rate_limits: RateLimitRepository | None
    """The budgets of attempts; ``None`` where the store keeps none, and each process its own."""

    async def prepare(self) -> None:
        """Make the store fit to be used: create or upgrade its schema, judge its configuration. Several instances may
        do so at once. It needs no ``open`` and leaves nothing open.

        Raises ``ConfigurationError`` for a store that cannot serve, and ``StoreUnavailable``.
        """
        ...

    async def open(self) -> None:
        """Connect; raises ``ConfigurationError`` and ``StoreUnavailable``. After that it reconnects by itself."""
        ...

    async def check(self) -> None:
        """Return if the store answers; raises ``StoreUnavailable``."""
        ...

    async def await_revocation(self, *, seconds: float) -> None:
        """Return as soon as a session may have been revoked somewhere, and after ``seconds`` at the latest; it never
        raises for a store that is away.
        """
        ...

    async def close(self) -> None:
        """Disconnect. It may be called whatever ``open`` did."""
        ...
