"""The kit for a whole store: every contract that the store has, with one subclass.

::

    class TestFiles(StoreContract, make=FileStore):
        @pytest.fixture
        def url(self, tmp_path):
            return f"files://{tmp_path}"

``make`` is what the entry point names: it returns a store for a URL and options. It is pickled for other processes, so
it must be a class or a function of a module. The fixture ``url`` returns the URL of a storage that is empty. A store
that also keeps users and clients subclasses ``DatabaseContract`` in the same way.

Two more fixtures are optional, because only you know how to make your storage fail: ``blocked`` and ``delayed``.
Without one, the tests that need it are skipped, and say so.
"""

from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from typing import Any, ClassVar, Final

import pytest

from ..ports.session_store import SessionStore, StoreOptions
from .audit_record_repository import AuditRecordRepositoryContract
from .client_repository import ClientRepositoryContract
from .encrypted_key_repository import EncryptedKeyRepositoryContract
from .rate_limit_repository import RateLimitRepositoryContract
from .session_reader import SessionReaderContract
from .session_repository import SessionRepositoryContract
from .session_store import OPTIONS, SessionStoreContract
from .session_sweeper import SessionSweeperContract
from .store_clock import StoreClockContract
from .store_parts import (
    BlockedStore,
    DelayedStore,
    DurableStore,
    KilledStore,
    Kind,
    OfStore,
    Part,
    SharedStore,
    part,
    swept_sessions,
)
from .user_repository import UserRepositoryContract

Blocked = Callable[[], AbstractContextManager[None]]
"""Let the storage refuse all changes, and answer reads, while the context is open."""

Delayed = Callable[[float], AbstractContextManager[None]]
"""Let each answer of the storage come that many seconds later while the context is open, or hold all answers back."""

_OF_EVERY_STORE: Final[Mapping[str, Part]] = {
    "Sessions": part(SessionRepositoryContract, "sessions"),
    "Sweeper": part(SessionSweeperContract, "sweeper", swept_sessions),
    "SigningKeys": part(EncryptedKeyRepositoryContract, "signing_keys"),
    "RateLimits": part(RateLimitRepositoryContract, "rate_limits"),
    "Clock": part(StoreClockContract, "clock"),
    "BlockedWrites": (BlockedStore,),
    "TimeLimits": (DelayedStore,),
}
_OF_EVERY_DATABASE: Final[Mapping[str, Part]] = {
    "Users": part(UserRepositoryContract, "users"),
    "Clients": part(ClientRepositoryContract, "clients"),
    "AuditRecords": part(AuditRecordRepositoryContract, "audit_records"),
    "SessionReader": part(SessionReaderContract, "session_reader", lambda store: store),
}
_IN_MEMORY: Final[Mapping[str, Part]] = {"Store": (OfStore, SessionStoreContract)}
_SHARED: Final[Mapping[str, Part]] = {
    "Store": (DurableStore,),
    "Processes": (SharedStore,),
    "KilledProcess": (KilledStore,),
}


class StoreContract:
    """Every contract that a store of sessions has. A subclass gets a class of tests for each, such as ``TestSessions``.

    ``make`` returns a store. ``options`` are those of most tests. ``in_memory`` says that the store is in the memory of
    one process: then all connections are one store, and nothing has to survive a process.
    """

    _parts: ClassVar[Mapping[str, Part]] = _OF_EVERY_STORE

    def __init_subclass__(
        cls,
        *,
        make: Callable[[str, StoreOptions], SessionStore] | None = None,
        options: StoreOptions = OPTIONS,
        in_memory: bool = False,
        **others: Any,
    ) -> None:
        super().__init_subclass__(**others)
        if make is None:
            return
        kind = Kind(make, options, in_memory)
        for name, bases in {**cls._parts, **(_IN_MEMORY if in_memory else _SHARED)}.items():
            members = {"kind": kind, "__module__": cls.__module__, "__qualname__": f"{cls.__qualname__}.Test{name}"}
            setattr(cls, f"Test{name}", type(f"Test{name}", bases, members))

    @pytest.fixture
    def url(self) -> str:
        """Return the URL of a storage that is empty."""
        raise NotImplementedError("Define a fixture `url` that returns the URL of an empty storage.")

    @pytest.fixture
    def blocked(self) -> Blocked:
        """Return a function that blocks the writes of the storage of ``url``."""
        pytest.skip("no fixture `blocked`: nothing shows that check notices blocked writes, or what they raise")

    @pytest.fixture
    def delayed(self) -> Delayed:
        """Return a function that delays the answers of the storage of ``url``."""
        pytest.skip("no fixture `delayed`: nothing shows that an act ends within its timeout")


class DatabaseContract(StoreContract):
    """Every contract that a ``Database`` has."""

    _parts: ClassVar[Mapping[str, Part]] = {**_OF_EVERY_STORE, **_OF_EVERY_DATABASE}
