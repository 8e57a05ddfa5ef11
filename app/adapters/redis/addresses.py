"""The URLs of Redis and Valkey, in all their forms."""

from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import parse_qs, unquote, urlsplit

from redis.asyncio.connection import parse_url

from ...domain.errors import ConfigurationError
from .topology import Cluster, Options, SingleServer, Topology

_FORMS: Final = (
    "KEYTURN_SESSION_URL: this is no URL of Redis or Valkey. Its forms are redis://user:password@host:6379/0,"
    " redis+cluster://user:password@host:6379,host:6379 and redis+sentinel://user:password@host:26379/service/0,"
    " and the same with rediss for TLS."
)
_OURS: Final = frozenset({"retry", "retry_on_timeout", "retry_on_error", "socket_timeout", "socket_connect_timeout"})
_PORT: Final = 6379
_SENTINEL_PORT: Final = 26379


@dataclass(frozen=True, slots=True)
class Address:
    """A URL, taken apart; ``shown`` is what may be shown of it."""

    kind: str
    nodes: tuple[tuple[str, int], ...]
    service: str
    shown: str
    options: Options
    sentinel_options: Options

    def topology(self) -> Topology:
        """Return the servers that it names, not connected yet."""
        if self.kind == "cluster":
            return Cluster(self.nodes, self.options)
        if self.kind == "sentinel":
            return SingleServer.behind_sentinels(self.nodes, self.service, self.options, self.sentinel_options)
        [(host, port)] = self.nodes
        return SingleServer.direct({**self.options, "host": host, "port": port})


def parse(url: str, *, timeout: float) -> Address:
    """Return the address that ``url`` is, to be connected within ``timeout`` seconds; raises ``ConfigurationError``."""
    try:
        return _parse(url, timeout)
    except (ValueError, TypeError) as error:
        raise ConfigurationError(_FORMS) from error


def _parse(url: str, timeout: float) -> Address:
    scheme, _, rest = url.partition("://")
    transport, _, kind = scheme.partition("+")
    authority, slash, tail = rest.partition("/")
    credentials, at, hosts = authority.rpartition("@")
    nodes = tuple(_node(each, _SENTINEL_PORT if kind == "sentinel" else _PORT) for each in hosts.split(","))
    service = ""
    if kind == "sentinel":
        service, slash, tail = tail.partition("/")
        service, query, given = service.partition("?")
        tail = tail or query + given
    options = _options(f"{transport}://{credentials}{at}{hosts.split(',')[0]}{slash}{tail}", timeout)
    sentinel_options = {
        name.removeprefix("sentinel_"): options.pop(name) for name in tuple(options) if name.startswith("sentinel_")
    } | {name: options[name] for name in ("socket_connect_timeout", "socket_timeout")}
    if (kind == "sentinel") != bool(service) or (not kind and len(nodes) > 1):
        raise ValueError(url)
    shown = ", ".join(f"{host} port {port}" for host, port in nodes)
    return Address(kind, nodes, unquote(service), shown, options, sentinel_options)


def _node(text: str, default_port: int) -> tuple[str, int]:
    parts = urlsplit(f"//{text}")
    if not parts.hostname:
        raise ValueError(text)
    return parts.hostname, parts.port or default_port


def _options(url: str, timeout: float) -> dict[str, Any]:
    parse_qs(urlsplit(url).query, strict_parsing=bool(urlsplit(url).query))
    options: dict[str, Any] = {**parse_url(url)}
    if refused := sorted(options.keys() & _OURS):
        raise ConfigurationError(
            f"KEYTURN_SESSION_URL: {', '.join(refused)} cannot be set here; KEYTURN_STORE_TIMEOUT bounds every act."
        )
    for name in ("host", "port"):
        options.pop(name, None)
    if options.pop("connection_class", None) is not None:
        options["ssl"] = True
    return options | {"socket_connect_timeout": timeout, "socket_timeout": timeout}
