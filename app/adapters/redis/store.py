"""The store of sessions in Redis or Valkey."""

from ...ports.session_store import Rehearsal, SessionStore, StoreOptions
from .commands import RedisCommands
from .encrypted_keys import RedisEncryptedKeyRepository
from .rate_limits import RedisRateLimitRepository
from .redis_url import check_files, parse_redis_url, topology_of
from .revocation_listener import RevocationListener
from .server_check import check_server, max_clients
from .sessions import RedisSessionRepository
from .startup_errors import translate_startup_errors
from .store_clock import RedisStoreClock
from .topology import Topology
from .write_check import check_writes, delete_probes


class RedisStore(SessionStore):
    """The store ``redis://…``, ``redis+cluster://…`` or ``redis+sentinel://…``."""

    reserved_sessions: RedisSessionRepository
    signing_keys: RedisEncryptedKeyRepository
    rate_limits: RedisRateLimitRepository

    def __init__(self, url: str, options: StoreOptions) -> None:
        self._options = options
        self._url = parse_redis_url(url)
        self._topology = topology_of(self._url, timeout=options.timeout)
        most, reserved = options.split()
        self._commands = self._commands_of(self._topology, most)
        self._reserved = self._commands if options.connections == 1 else self._commands_of(self._topology, reserved)
        self._reserved.refusal = self._commands.refusal
        self._revocations = RevocationListener(self._topology)
        self.sessions = RedisSessionRepository(self._commands, options)
        self.reserved_sessions = RedisSessionRepository(self._reserved, options)
        self.rate_limits = RedisRateLimitRepository(self._commands)
        self.signing_keys = RedisEncryptedKeyRepository(self._commands)
        self.clock = RedisStoreClock(self._reserved)

    def _commands_of(self, topology: Topology, options: StoreOptions) -> RedisCommands:
        return RedisCommands(
            topology, timeout=options.timeout, connections=options.connections, replicas=options.replicas
        )

    @property
    def place(self) -> str:
        """Return where the store is, without its password."""
        return str(self._url)

    async def prepare(self) -> None:
        await self._check_at_start()

    async def rehearse(self) -> Rehearsal:
        return Rehearsal(connections=await self._check_at_start(forget=True))

    async def _check_at_start(self, *, forget: bool = False) -> int:
        """Check every primary, with connections of this check alone. Return how many clients they allow at least.

        ``forget`` deletes what the check has written. It would expire after a minute.
        """
        check_files(self._url)
        topology = topology_of(self._url, timeout=self._options.timeout)
        commands = self._commands_of(topology, self._options)
        try:
            with translate_startup_errors(self._url):
                await topology.refresh()
                for client in topology.primaries():
                    await check_server(client, server=str(self._url), replicas=self._options.replicas)
                await check_writes(commands)
                if forget:
                    await delete_probes(commands)
                return min([await max_clients(client) for client in topology.primaries()])
        finally:
            await commands.close()
            await topology.close()

    async def open(self) -> None:
        check_files(self._url)
        with translate_startup_errors(self._url):
            await self._topology.refresh()
            for client in self._topology.primaries():
                await client.ping()
        self._revocations.start()

    async def check(self) -> None:
        await check_writes(self._reserved)

    async def await_revocation(self, *, seconds: float) -> None:
        await self._revocations.wait(seconds)

    async def close(self) -> None:
        await self._revocations.stop()
        for commands in {self._commands, self._reserved}:
            await commands.close()
        await self._topology.close()
