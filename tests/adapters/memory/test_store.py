"""The store in memory: the kit. What it keeps ends with it."""

from app.adapters.memory.store import MemoryStore
from app.contracts.session_store import OPTIONS, SessionStoreContract
from app.ports.session_store import StoreOptions


class TestMemoryStore(SessionStoreContract):
    """The in-memory store passes the kit."""

    def store(self, options: StoreOptions = OPTIONS) -> MemoryStore:
        return MemoryStore("memory://", options)
