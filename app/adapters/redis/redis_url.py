"""The URLs of Redis and Valkey: one server, a cluster, or sentinels."""

from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import parse_qs, unquote, urlsplit

from redis.asyncio.connection import parse_url

from ...domain.errors import ConfigurationError
from .topology import Cluster, ConnectionOptions, SingleServer, Topology

_FORMS: Final = (
    "KEYTURN_SESSION_URL: this is not a URL of Redis or Valkey. The forms are redis://user:password@host:6379/0,"
    " redis+cluster://user:password@host:6379,host:6379 and redis+sentinel://user:password@host:26379/service/0,"
    " and the same with rediss for TLS."
)
_OPTIONS: Final = "KEYTURN_SESSION_URL: the client library does not know an option of this URL, or refuses its value."
_REFUSED_OPTIONS: Final = frozenset(
    {"retry", "retry_on_timeout", "retry_on_error", "socket_timeout", "socket_connect_timeout"}
)
_PORT: Final = 6379
_SENTINEL_PORT: Final = 26379


@dataclass(frozen=True, slots=True)
class RedisUrl:
    """A parsed URL. ``kind`` is "", "cluster" or "sentinel". ``str()`` names the servers without a password."""

    kind: str
    nodes: tuple[tuple[str, int], ...]
    service: str
    options: ConnectionOptions
    sentinel_options: ConnectionOptions

    def __str__(self) -> str:
        return "Redis at " + ", ".join(f"{host} port {port}" for host, port in self.nodes)

    def topology(self) -> Topology:
        """Return the servers that the URL names. They are not connected yet.

        Raises ``ConfigurationError`` for an option that the client library refuses.
        """
        try:
            return self._topology()
        except (ValueError, TypeError) as error:
            raise ConfigurationError(_OPTIONS) from error

    def _topology(self) -> Topology:
        if self.kind == "cluster":
            return Cluster(self.nodes, self.options)
        if self.kind == "sentinel":
            return SingleServer.behind_sentinels(self.nodes, self.service, self.options, self.sentinel_options)
        [(host, port)] = self.nodes
        return SingleServer.direct({**self.options, "host": host, "port": port})


def parse_redis_url(url: str, *, timeout: float) -> RedisUrl:
    """Return the parsed URL, with a time limit of ``timeout`` seconds to connect; raises ``ConfigurationError``."""
    try:
        return _parse(url, timeout)
    except (ValueError, TypeError) as error:
        raise ConfigurationError(_FORMS) from error


def _parse(url: str, timeout: float) -> RedisUrl:
    scheme, _, rest = url.partition("://")
    transport, _, kind = scheme.partition("+")
    authority, slash, tail = rest.partition("/")
    credentials, at, hosts = authority.rpartition("@")
    nodes = tuple(_node(each, _SENTINEL_PORT if kind == "sentinel" else _PORT) for each in hosts.split(","))
    service = ""
    if kind == "sentinel":
        service, slash, tail = tail.partition("/")
        service, question_mark, query = service.partition("?")
        tail = tail or question_mark + query
    options = _options(f"{transport}://{credentials}{at}{hosts.split(',')[0]}{slash}{tail}", timeout)
    sentinel_options = {
        name.removeprefix("sentinel_"): options.pop(name) for name in tuple(options) if name.startswith("sentinel_")
    } | {name: options[name] for name in ("socket_connect_timeout", "socket_timeout")}
    if (kind == "sentinel") != bool(service) or (not kind and len(nodes) > 1):
        raise ValueError(url)
    return RedisUrl(kind, nodes, unquote(service), options, sentinel_options)


def _node(text: str, default_port: int) -> tuple[str, int]:
    parts = urlsplit(f"//{text}")
    if not parts.hostname or parts.port == 0:
        raise ValueError(text)
    return parts.hostname, parts.port or default_port


def _options(url: str, timeout: float) -> dict[str, Any]:
    parse_qs(urlsplit(url).query, strict_parsing=bool(urlsplit(url).query))
    options: dict[str, Any] = {**parse_url(url)}
    if refused := sorted(options.keys() & _REFUSED_OPTIONS):
        raise ConfigurationError(
            f"KEYTURN_SESSION_URL: {', '.join(refused)} cannot be set here; KEYTURN_STORE_TIMEOUT limits every call."
        )
    for name in ("host", "port"):
        options.pop(name, None)
    if options.pop("connection_class", None) is not None:
        options["ssl"] = True
    return options | {"socket_connect_timeout": timeout, "socket_timeout": timeout}
