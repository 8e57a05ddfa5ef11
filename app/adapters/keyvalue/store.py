"""A store of sessions over the client of a store of keys and values."""

import asyncio
import os
from collections.abc import Callable
from typing import ClassVar

from ...domain.errors import ConfigurationError
from ...ports.session_store import Rehearsal, SessionStore, StoreOptions
from .acts import Acts
from .client import KeyValueClient
from .encrypted_keys import KeyValueEncryptedKeyRepository
from .session_changes import SessionChanges
from .session_keys import SessionKeys
from .session_sweeper import KeyValueSessionSweeper
from .sessions import KeyValueSessionRepository

_PROBE_BYTES = 8


class KeyValueStore(SessionStore):
    """Keeps sessions and signing keys. An adapter calls this constructor with a function that makes its client.

    All keys begin with ``prefix``. Each instance counts rate limits for itself.
    """

    rate_limits = None
    has_replicas: ClassVar[bool] = False
    """Whether the client waits for ``StoreOptions.replicas``. If not, any number except 0 is refused."""

    def __init__(
        self, make_client: Callable[[], KeyValueClient], options: StoreOptions, *, prefix: bytes = b"keyturn/"
    ) -> None:
        self._make_client = make_client
        self._options = options
        self._keys = SessionKeys(prefix)
        self._client = make_client()
        self._acts = Acts(self._client, timeout=options.timeout)
        changes = SessionChanges(self._client, self._keys, self._acts)
        self.sessions = KeyValueSessionRepository(changes)
        self.sweeper = KeyValueSessionSweeper(changes)
        self.signing_keys = KeyValueEncryptedKeyRepository(self._client, self._acts, prefix)

    async def prepare(self) -> None:
        await self._try_client(forget=False)

    async def rehearse(self) -> Rehearsal:
        await self._try_client(forget=True)
        return Rehearsal()

    async def open(self) -> None:
        async with self._acts.in_time():
            await self._client.open()
        await self.check()

    async def check(self) -> None:
        async with self._acts.in_time():
            await self._client.commit({}, {self._keys.probe: os.urandom(_PROBE_BYTES)}, ())

    async def await_revocation(self, *, seconds: float) -> None:
        await asyncio.sleep(seconds)

    async def close(self) -> None:
        await self._client.close()

    async def _try_client(self, *, forget: bool) -> None:
        """Write with a client of its own, which is closed again. ``forget`` deletes what was written."""
        if self._options.replicas and not self.has_replicas:
            raise ConfigurationError("KEYTURN_SESSION_REPLICAS: this store has no replicas to wait for; set it to 0.")
        client = self._make_client()
        try:
            async with self._acts.in_time():
                await client.open()
                await client.commit({}, {self._keys.probe: os.urandom(_PROBE_BYTES)}, ())
                if forget:
                    await client.commit({}, {}, [self._keys.probe])
        finally:
            await client.close()
