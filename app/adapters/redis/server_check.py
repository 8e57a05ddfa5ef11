"""Check at the start that a server can store sessions."""

import logging
from typing import Any, Final

from redis.asyncio import Redis

from ...domain.errors import ConfigurationError

_LOG: Final = logging.getLogger("keyturn.redis")

_MIN_VERSION: Final = 7
_DEFAULT_CLIENTS: Final = 10_000


async def check_server(client: Redis, *, server: str, replicas: int) -> None:
    """Raise ``ConfigurationError`` for a server that would lose sessions or cannot serve; the message says what to
    change. Log a warning for a server that keeps nothing on disk.
    """
    info: dict[str, Any] = await client.info("all")
    version = str(info.get("redis_version", ""))
    if int(version.partition(".")[0] or 0) < _MIN_VERSION:
        raise ConfigurationError(f"{server} is of version {version or 'unknown'}; Keyturn needs Redis 7, or Valkey.")
    if info.get("role") != "master":
        raise ConfigurationError(f"{server} is a replica, which takes no writes; name the primary in the URL.")
    policy = info.get("maxmemory_policy")
    if policy != "noeviction":
        raise ConfigurationError(
            f"{server} deletes sessions when its memory is full (maxmemory-policy {policy}). Set"
            " maxmemory-policy noeviction there, or use a server of its own for the sessions."
        )
    connected = int(info.get("connected_slaves", 0))
    if connected < replicas:
        raise ConfigurationError(
            f"{server} has {connected} replicas connected, and KEYTURN_SESSION_REPLICAS={replicas} must confirm each"
            " change. Connect more replicas, or set a smaller number."
        )
    _warn_without_disk(info, server)


async def max_clients(client: Redis) -> int:
    """Return how many clients a server allows at once."""
    info: dict[str, Any] = await client.info("clients")
    return int(info.get("maxclients", _DEFAULT_CLIENTS))


def _warn_without_disk(info: dict[str, Any], server: str) -> None:
    if not int(info.get("aof_enabled", 0)):
        _LOG.warning(
            "the session store does not write each change to disk: what it acknowledged is lost when it ends; set"
            " appendonly yes, and appendfsync always to lose nothing",
            extra={"fields": {"server": server}},
        )
