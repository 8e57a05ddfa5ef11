"""The servers that a URL names."""

from typing import Final

from ...domain.errors import ConfigurationError
from ..connecting import check_readable
from ..store_urls.parts import WrongUrl
from ..store_urls.redis import RedisUrl
from .topology import Cluster, SingleServer, Topology

SETTING: Final = "KEYTURN_SESSION_URL"


def parse_redis_url(url: str) -> RedisUrl:
    """Return the parsed URL; raises ``ConfigurationError``."""
    try:
        return RedisUrl.parse(url)
    except WrongUrl as error:
        raise ConfigurationError(f"{SETTING}: {error}.") from None


def topology_of(url: RedisUrl, *, timeout: float) -> Topology:
    """Return the servers that ``url`` names. They are not connected yet. Each has ``timeout`` seconds to connect."""
    limits = {"socket_connect_timeout": timeout, "socket_timeout": timeout}
    options, sentinel_options = {**url.options, **limits}, {**url.sentinel_options, **limits}
    if url.kind == "cluster":
        return Cluster(url.nodes, options)
    if url.kind == "sentinel":
        return SingleServer.behind_sentinels(url.nodes, url.service, options, sentinel_options)
    [(host, port)] = url.nodes
    return SingleServer.direct({**options, "host": host, "port": port})


def check_files(url: RedisUrl) -> None:
    """Raise ``ConfigurationError`` if a file that the URL names cannot be read."""
    for option, path in url.files.items():
        check_readable(path, setting=SETTING, option=option)
