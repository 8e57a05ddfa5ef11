"""A directory as a database: it keeps users and clients, too."""

from keyturn.ports.database import Database
from keyturn.ports.session_store import StoreOptions

from .clients import FileClientRepository
from .store import FileStore
from .users import FileUserRepository


class FileDatabase(FileStore, Database):
    """A store whose URL may also be ``KEYTURN_DATABASE_URL``."""

    def __init__(self, url: str, options: StoreOptions) -> None:
        super().__init__(url, options)
        self.users = FileUserRepository(self._directory)
        self.clients = FileClientRepository(self._directory)
