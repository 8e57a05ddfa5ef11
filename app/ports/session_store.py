"""A store of sessions: its repositories, and how it is prepared, opened and closed."""

from dataclasses import dataclass, replace
from typing import Final, Protocol

from .encrypted_key_repository import EncryptedKeyRepository
from .rate_limit_repository import RateLimitRepository
from .session_repository import SessionRepository
from .session_sweeper import SessionSweeper
from .store_clock import StoreClock


@dataclass(frozen=True, slots=True, kw_only=True)
class StoreOptions:
    """The configuration of every store, in addition to its URL. Times are in seconds.

    Each method of a repository raises ``StoreUnavailable`` after ``timeout``. The time is for the whole act, however
    many round trips it makes, and includes the wait for a connection. Two acts may take longer, because they have to go
    on: ``revoke_subject`` has the time for each of its steps, and ``set_cut_off`` waits for the changes that are being
    made, each of which has a time limit of its own. At most ``connections`` are open at once.
    A store whose entries expire keeps the replaced secrets for ``replaced_lifetime`` after a rotation, and a session
    for ``memory_of_revocations`` after it was revoked or has expired. ``replicas`` is the number of replicas that must
    confirm a change before it is acknowledged; a store that cannot wait for replicas refuses any number except 0.
    ``prepared_statements`` says whether a connection may keep prepared statements, in a database that has them;
    ``None`` lets the store find out. ``setting`` is the name of the setting that has the URL, for messages.
    """

    timeout: float = 2.0
    connections: int = 10
    replaced_lifetime: float = 150.0
    memory_of_revocations: float = 990.0
    replicas: int = 0
    prepared_statements: bool | None = None
    setting: str = "KEYTURN_DATABASE_URL"

    def split(self) -> tuple["StoreOptions", "StoreOptions"]:
        """Return the options for most requests, and those for revocations and checks, which get a fifth of the
        connections, at least one. A single connection is in both.
        """
        reserved = max(1, self.connections // _RESERVED_SHARE)
        most = max(1, self.connections - reserved)
        return replace(self, connections=most), replace(self, connections=reserved)


_RESERVED_SHARE: Final = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Rehearsal:
    """What a store would do at the start.

    ``upgrade`` says what ``prepare`` would change, as the end of a sentence; "" if the store can be opened as it is.
    ``is_new`` says whether the store is empty. ``connections`` is how many connections its server allows to this user,
    or ``None`` if it has no such limit.
    """

    upgrade: str = ""
    is_new: bool = False
    connections: int | None = None


class SessionStore(Protocol):
    """One server or file that stores sessions, and the connections of this process to it.

    Its constructor connects to nothing, and sets the repositories. A store may lack each member that has a default
    here: then the default is used. ``rehearse`` is the only method that has one. All other members are required.
    """

    sessions: SessionRepository
    """The sessions."""

    reserved_sessions: SessionRepository | None = None
    """The same sessions on connections of their own, on which revocations do not wait behind refreshes; ``None`` if
    ``sessions`` is used for these, too.
    """

    sweeper: SessionSweeper | None = None
    """Deletes old sessions; ``None`` if the store deletes them itself."""

    signing_keys: EncryptedKeyRepository | None = None
    """The signing keys, encrypted; ``None`` if the store does not store any."""

    rate_limits: RateLimitRepository | None = None
    """The rate limits that all instances share; ``None`` if each instance counts for itself."""

    clock: StoreClock | None = None
    """The clock of the server; ``None`` for a store on the machine of the service."""

    ports_version: int | None = None
    """The ``PORTS_VERSION`` that the store was written for, as a number. A store of another version is refused at the
    start; ``None`` is not checked.
    """

    @property
    def place(self) -> str:
        """Where the store is, without a secret, for the log of a start that waits; "" if the store does not say it."""
        return ""

    async def prepare(self) -> None:
        """Create or upgrade the schema, and check the configuration of the store. Several instances may do this at
        once. It can be called before ``open``, and leaves no connection open.

        Raises ``ConfigurationError`` if the store is not fit to be used, for example because it takes no changes, and
        ``StoreUnavailable``.
        """
        ...

    async def rehearse(self) -> Rehearsal:
        """Check what ``prepare`` checks, and leave nothing behind: no file, no table and no entry. It can be called
        before ``prepare``, and leaves no connection open. A store that lacks this is opened and checked instead.

        Raises what ``prepare`` raises, with the same text.
        """
        return Rehearsal()

    async def open(self) -> None:
        """Connect; raises ``ConfigurationError`` and ``StoreUnavailable``. After that it reconnects when a connection
        breaks.
        """
        ...

    async def check(self) -> None:
        """Return if the store takes changes now: write a little that nothing else reads, to see that. The service calls
        this once a second, and is not ready while it fails.

        Raises ``StoreUnavailable`` otherwise. If the store answers reads, its ``fault`` is not ``no_answer``, and its
        text says what the store answered and how to mend it, without a secret.
        """
        ...

    async def await_revocation(self, *, seconds: float) -> None:
        """Return when an instance may have revoked a session, and after ``seconds`` at the latest. It raises nothing if
        the store does not answer.
        """
        ...

    async def close(self) -> None:
        """Disconnect. It may be called even if ``open`` failed or was not called."""
        ...
