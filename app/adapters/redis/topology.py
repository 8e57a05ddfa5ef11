"""Find the server that has a key: a single server, the primary that sentinels name, or a node of a cluster.

The clients never retry a command. A script whose reply was lost may have run. If it ran again, it would find its own
change and report a lost race.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Protocol

from redis.asyncio import Redis, RedisCluster
from redis.asyncio.cluster import ClusterNode
from redis.asyncio.retry import Retry
from redis.asyncio.sentinel import Sentinel
from redis.backoff import NoBackoff
from redis.exceptions import RedisClusterException

from ...domain.errors import StoreUnavailable

ConnectionOptions = Mapping[str, Any]
"""Options of redis-py for a connection: credentials, TLS, time limits."""


class Topology(Protocol):
    """Finds the server for a key."""

    def client_for(self, redis_key: str) -> Redis:
        """Return the client of the primary that has a key; raises ``StoreUnavailable`` if none is known."""
        ...

    def client_at(self, host: str, port: int) -> Redis:
        """Return the client of a server that a redirection names."""
        ...

    def primaries(self) -> Sequence[Redis]:
        """Return the clients of all known primaries."""
        ...

    async def refresh(self) -> None:
        """Query the servers again for the keys that each of them has."""
        ...

    async def close(self) -> None:
        """Disconnect."""
        ...


class SingleServer(Topology):
    """One server, or the primary that the sentinels name when a connection is made."""

    def __init__(self, client: Redis, *, others: Iterable[Redis] = ()) -> None:
        self._client = client
        self._others = tuple(others)

    @classmethod
    def direct(cls, options: ConnectionOptions) -> "SingleServer":
        """Return the server that ``options`` name."""
        return cls(Redis(**_without_retries(options)))

    @classmethod
    def behind_sentinels(
        cls,
        sentinels: Sequence[tuple[str, int]],
        service: str,
        options: ConnectionOptions,
        sentinel_options: ConnectionOptions,
    ) -> "SingleServer":
        """Return the primary of ``service``."""
        untyped: Any = Sentinel
        sentinel = untyped(sentinels, sentinel_kwargs=_without_retries(sentinel_options), **_without_retries(options))
        return cls(sentinel.master_for(service), others=sentinel.sentinels)

    def client_for(self, redis_key: str) -> Redis:  # noqa: ARG002  # one server has every key
        return self._client

    def client_at(self, host: str, port: int) -> Redis:
        raise StoreUnavailable from RedisClusterException(
            f"redirected to {host}:{port}, as a cluster does: give its URL as redis+cluster://"
        )

    def primaries(self) -> Sequence[Redis]:
        return [self._client]

    async def refresh(self) -> None:
        """Do nothing: no key moves."""

    async def close(self) -> None:
        for client in (self._client, *self._others):
            await client.aclose()


class Cluster(Topology):
    """A cluster. The cluster client of redis-py is used only to find the node of a slot."""

    def __init__(self, nodes: Sequence[tuple[str, int]], options: ConnectionOptions) -> None:
        self._options = options
        startup = [ClusterNode(host, port) for host, port in nodes]
        self._slots = RedisCluster(startup_nodes=startup, **_without_retries(options))
        self._clients: dict[tuple[str, int], Redis] = {}

    def client_for(self, redis_key: str) -> Redis:
        try:
            node = self._slots.get_node_from_key(redis_key)
        except RedisClusterException as error:
            raise StoreUnavailable from error
        if node is None:
            raise StoreUnavailable from RedisClusterException("no node has the slot of this key")
        return self.client_at(node.host, int(node.port))

    def client_at(self, host: str, port: int) -> Redis:
        if (host, port) not in self._clients:
            self._clients[host, port] = Redis(host=host, port=port, **_without_retries(self._options))
        return self._clients[host, port]

    def primaries(self) -> Sequence[Redis]:
        return [self.client_at(node.host, int(node.port)) for node in self._slots.get_primaries()]

    async def refresh(self) -> None:
        await self._slots.aclose()
        await self._slots.initialize()

    async def close(self) -> None:
        await self._slots.aclose()
        for client in self._clients.values():
            await client.aclose()


def _without_retries(options: ConnectionOptions) -> dict[str, Any]:
    return {**options, "retry": Retry(NoBackoff(), 0), "protocol": 2, "health_check_interval": 0}
