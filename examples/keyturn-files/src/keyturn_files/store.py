"""A directory as a store of sessions."""

import asyncio
from pathlib import Path

from keyturn.domain.errors import ConfigurationError
from keyturn.ports.session_store import SessionStore, StoreOptions

from .directory import Directory
from .sessions import FileSessionRepository


class FileStore(SessionStore):
    """A store whose URL names a directory, for example ``files:///var/lib/keyturn/sessions``."""

    ports_version = 1

    def __init__(self, url: str, options: StoreOptions) -> None:
        self._path = Path(url.removeprefix("files://"))
        if not self._path.is_absolute():
            raise ConfigurationError(f"{options.setting}: write files:// and an absolute path.")
        if options.replicas:
            raise ConfigurationError("KEYTURN_SESSION_REPLICAS: files have no replicas; set it to 0.")
        self._directory = Directory(self._path, timeout=options.timeout)
        self.sessions = FileSessionRepository(self._directory)
        self.sweeper = self.sessions

    async def prepare(self) -> None:
        try:
            self._path.mkdir(mode=0o700, parents=True, exist_ok=True)
        except OSError as error:
            raise ConfigurationError(f"{self._path} cannot be created: {error.strerror}.") from error

    async def open(self) -> None:
        await self.check()

    async def check(self) -> None:
        await self._directory.act(lambda: self._directory.write("check", b"written once a second"))

    async def await_revocation(self, *, seconds: float) -> None:
        await asyncio.sleep(seconds)

    async def close(self) -> None:
        """Nothing is open between acts."""
