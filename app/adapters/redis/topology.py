"""Where keys are: on one server, on the primary that sentinels know, or spread over a cluster.

No client here tries a command again by itself: a script whose answer got lost may have run, and run again it would find
its own change and take it for another's.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final, Protocol

from redis.asyncio import Redis, RedisCluster
from redis.asyncio.cluster import ClusterNode
from redis.asyncio.retry import Retry
from redis.asyncio.sentinel import Sentinel
from redis.backoff import NoBackoff
from redis.exceptions import RedisClusterException

from ...domain.errors import StoreUnavailable

_HEALTH_SECONDS: Final = 10

Options = Mapping[str, Any]
"""What redis-py is told of a connection: credentials, TLS, times."""


def quiet(options: Options) -> dict[str, Any]:
    """Return ``options`` with our own rules for trying again: never."""
    return {**options, "retry": Retry(NoBackoff(), 0), "protocol": 2, "health_check_interval": 0}


class Topology(Protocol):
    """Finds the server for a key."""

    def owner(self, key: str) -> Redis:
        """Return the client of the primary that has ``key``; raises ``StoreUnavailable`` if none is known."""
        ...

    def at(self, host: str, port: int) -> Redis:
        """Return the client of a server that a redirection names."""
        ...

    def primaries(self) -> Sequence[Redis]:
        """Return the clients of all primaries that are known."""
        ...

    async def learn(self) -> None:
        """Find out anew where keys are."""
        ...

    async def close(self) -> None:
        """Disconnect."""
        ...


class SingleServer(Topology):
    """One server, or whichever the sentinels say is the primary at the time of a connection."""

    def __init__(self, client: Redis, *, others: Iterable[Redis] = ()) -> None:
        self._client = client
        self._others = tuple(others)

    @classmethod
    def direct(cls, options: Options) -> "SingleServer":
        """Return the server of a host."""
        return cls(Redis(**quiet(options)))

    @classmethod
    def behind_sentinels(
        cls, sentinels: Sequence[tuple[str, int]], service: str, options: Options, sentinel_options: Options
    ) -> "SingleServer":
        """Return the primary of ``service``."""
        untyped: Any = Sentinel
        sentinel = untyped(sentinels, sentinel_kwargs=quiet(sentinel_options), **quiet(options))
        return cls(sentinel.master_for(service), others=sentinel.sentinels)

    def owner(self, key: str) -> Redis:  # noqa: ARG002  # one server has every key
        return self._client

    def at(self, host: str, port: int) -> Redis:
        raise StoreUnavailable from RedisClusterException(
            f"redirected to {host}:{port}, as a cluster does: give its URL as redis+cluster://"
        )

    def primaries(self) -> Sequence[Redis]:
        return [self._client]

    async def learn(self) -> None:
        """Nothing moves."""

    async def close(self) -> None:
        for client in (self._client, *self._others):
            await client.aclose()


class Cluster(Topology):
    """A cluster; redis-py's own client only tells which node has which slot."""

    def __init__(self, nodes: Sequence[tuple[str, int]], options: Options) -> None:
        self._options = options
        startup = [ClusterNode(host, port) for host, port in nodes]
        self._map = RedisCluster(startup_nodes=startup, **_for_the_map(options))
        self._clients: dict[tuple[str, int], Redis] = {}

    def owner(self, key: str) -> Redis:
        try:
            node = self._map.get_node_from_key(key)
        except RedisClusterException as error:
            raise StoreUnavailable from error
        if node is None:
            raise StoreUnavailable from RedisClusterException("no node has the slot of this key")
        return self.at(node.host, int(node.port))

    def at(self, host: str, port: int) -> Redis:
        if (host, port) not in self._clients:
            self._clients[host, port] = Redis(host=host, port=port, **quiet(self._options))
        return self._clients[host, port]

    def primaries(self) -> Sequence[Redis]:
        return [self.at(node.host, int(node.port)) for node in self._map.get_primaries()]

    async def learn(self) -> None:
        await self._map.aclose()
        await self._map.initialize()

    async def close(self) -> None:
        await self._map.aclose()
        for client in self._clients.values():
            await client.aclose()


def _for_the_map(options: Options) -> dict[str, Any]:
    return {name: value for name, value in quiet(options).items() if name != "db"}
