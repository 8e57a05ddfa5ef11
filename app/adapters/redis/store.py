"""Redis or Valkey as a store of sessions."""

from collections.abc import Iterator
from contextlib import contextmanager

from redis.exceptions import AuthenticationError, NoPermissionError, RedisClusterException, RedisError, ResponseError

from ...domain.errors import ConfigurationError, StoreUnavailable
from ...ports.session_store import SessionStore, StoreOptions
from .addresses import parse
from .encrypted_keys import RedisEncryptedKeyRepository
from .exchange import Exchange
from .rate_limits import RedisRateLimitRepository
from .revocation_signal import RevocationSignal
from .server_check import judge
from .sessions import RedisSessionRepository


class RedisStore(SessionStore):
    """``redis://…``, ``redis+cluster://…`` or ``redis+sentinel://…``, for sessions and signing keys."""

    sweeper = None

    def __init__(self, url: str, options: StoreOptions) -> None:
        self._options = options
        self._address = parse(url, timeout=options.timeout)
        self._topology = self._address.topology()
        self._exchange = Exchange(
            self._topology, timeout=options.timeout, connections=options.connections, replicas=options.replicas
        )
        self._signal = RevocationSignal(self._topology)
        self.sessions = RedisSessionRepository(self._exchange, options)
        self.rate_limits = RedisRateLimitRepository(self._exchange)
        self.signing_keys = RedisEncryptedKeyRepository(self._exchange)

    async def prepare(self) -> None:
        server = f"Redis at {self._address.shown}"
        topology = self._address.topology()
        try:
            with self._readable_failures():
                await topology.learn()
                for client in topology.primaries():
                    await judge(client, server=server, replicas=self._options.replicas)
        finally:
            await topology.close()

    async def open(self) -> None:
        with self._readable_failures():
            await self._topology.learn()
            for client in self._topology.primaries():
                await client.ping()
        self._signal.start()

    async def check(self) -> None:
        await self._exchange.read(["keyturn"], "EXISTS")

    async def await_revocation(self, *, seconds: float) -> None:
        await self._signal.wait(seconds)

    async def close(self) -> None:
        await self._signal.stop()
        await self._exchange.finish()
        await self._topology.close()

    @contextmanager
    def _readable_failures(self) -> Iterator[None]:
        """Raise what the operator must mend as such, naming the server and no password."""
        server = f"Redis at {self._address.shown}"
        try:
            yield
        except (AuthenticationError, NoPermissionError) as error:
            raise ConfigurationError(
                f"{server} refuses the user or the password; correct them in KEYTURN_SESSION_URL, or grant the user"
                " the keys keyturn:*, the channel keyturn:revocations and the commands of sessions."
            ) from error
        except RedisClusterException as error:
            raise StoreUnavailable(f"{server}: no cluster answers there.") from error
        except ResponseError as error:
            raise ConfigurationError(f"{server} refuses to serve: {error}.") from error
        except (RedisError, OSError, TimeoutError) as error:
            raise StoreUnavailable(f"{server} cannot be reached: {type(error).__name__}.") from error
