"""Whether a server can be trusted with sessions."""

import logging
from typing import Any, Final

from redis.asyncio import Redis

from ...domain.errors import ConfigurationError

_LOG: Final = logging.getLogger("keyturn.redis")

_OLDEST: Final = 7


async def judge(client: Redis, *, server: str, replicas: int) -> None:
    """Raise ``ConfigurationError`` for a server that would lose sessions or cannot serve, naming the mend; warn of one
    that keeps nothing on disk.
    """
    about: dict[str, Any] = await client.info("all")
    version = str(about.get("redis_version", ""))
    if int(version.partition(".")[0] or 0) < _OLDEST:
        raise ConfigurationError(f"{server} is of version {version or 'unknown'}; Keyturn needs Redis 7, or Valkey.")
    if about.get("role") != "master":
        raise ConfigurationError(f"{server} is a replica, which takes no writes; name the primary in the URL.")
    policy = about.get("maxmemory_policy")
    if policy != "noeviction":
        raise ConfigurationError(
            f"{server} drops keys when its memory is full (maxmemory-policy {policy}), and sessions with them. Set"
            " maxmemory-policy noeviction there, or use a server of its own for the sessions."
        )
    connected = int(about.get("connected_slaves", 0))
    if connected < replicas:
        raise ConfigurationError(
            f"{server} has {connected} replicas connected, and KEYTURN_SESSION_REPLICAS={replicas} must confirm each"
            " change. Connect more, or ask fewer."
        )
    _warn_of_losses(about, server)


def _warn_of_losses(about: dict[str, Any], server: str) -> None:
    if not int(about.get("aof_enabled", 0)):
        _LOG.warning(
            "the session store does not write each change to disk: what it acknowledged is lost when it ends; set"
            " appendonly yes, and appendfsync always to lose nothing",
            extra={"fields": {"server": server}},
        )
