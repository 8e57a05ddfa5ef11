"""The URLs of Redis and Valkey: one server, a cluster, or sentinels."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from .options import Parse, number, one_of, read_options, secret, text, yes_or_no
from .parts import UrlParts, WrongUrl, decoded, split_url

_PORT: Final = 6379
_SENTINEL_PORT: Final = 26379
_TLS_VERSIONS: Final = {"TLSv1.2": 771, "TLSv1.3": 772, "771": 771, "772": 772}

_FORMS: Final = (
    "the forms are redis://user:password@host:6379/0, redis+cluster://user:password@host:6379,host:6379 and"
    " redis+sentinel://user:password@host:26379,host:26379/service/0, and the same with rediss for TLS"
)

_TLS: Final[Mapping[str, Parse]] = {
    **dict.fromkeys(("ssl_ca_certs", "ssl_ca_path", "ssl_certfile", "ssl_keyfile", "ssl_ciphers"), text),
    "ssl_password": secret,
    "ssl_cert_reqs": one_of("required", "optional", "none"),
    "ssl_check_hostname": yes_or_no,
    "ssl_min_version": one_of(*_TLS_VERSIONS),
}
_ALLOWED: Final[Mapping[str, Parse]] = {
    **_TLS,
    "db": number,
    "username": text,
    "password": secret,
    "client_name": text,
    "socket_keepalive": yes_or_no,
}
_OF_SENTINELS: Final[Mapping[str, Parse]] = {
    **{f"sentinel_{name}": parse for name, parse in _TLS.items()},
    "sentinel_ssl": yes_or_no,
    "sentinel_username": text,
    "sentinel_password": secret,
}

_TIMES: Final = dict.fromkeys(
    ("timeout", "socket_timeout", "socket_connect_timeout"), "KEYTURN_STORE_TIMEOUT limits every call"
)
_RETRIES: Final = dict.fromkeys(
    ("retry", "retry_on_timeout", "retry_on_error"), "Keyturn sends again what the server did not run, and nothing else"
)
_FIXED: Final = dict.fromkeys(
    ("decode_responses", "encoding", "encoding_errors", "protocol", "health_check_interval"), "Keyturn sets it itself"
)
_REFUSED: Final[Mapping[str, str]] = {
    **_TIMES,
    **_RETRIES,
    **_FIXED,
    "max_connections": "set KEYTURN_STORE_CONNECTIONS",
    "ssl": "write rediss in place of redis at the beginning",
}
_REFUSED_OF_SENTINELS: Final = {
    f"sentinel_{name}": why for name, why in {**_REFUSED, "db": "sentinels have no databases"}.items() if name != "ssl"
}


@dataclass(frozen=True, slots=True)
class RedisUrl:
    """Servers, and how to connect to them. ``kind`` is "", "cluster" or "sentinel". ``str()`` names the servers without
    a password.
    """

    kind: str
    nodes: tuple[tuple[str, int], ...]
    service: str
    options: Mapping[str, Any] = field(repr=False)
    """The arguments of the client library for a connection: credentials, database, TLS."""

    sentinel_options: Mapping[str, Any] = field(repr=False)
    """The same for the connections to sentinels."""

    @classmethod
    def parse(cls, url: str) -> "RedisUrl":
        """Return the servers that ``url`` names; raises ``WrongUrl``."""
        parts = split_url(url)
        transport, _, kind = parts.scheme.partition("+")
        if not parts.hosts or (len(parts.hosts) > 1 and not kind):
            raise WrongUrl(f"must name {'one host' if not kind else 'a host'}; {_FORMS}")
        given = _options_of(parts, kind)
        service, database = _service_and_database(parts.path, kind, given.pop("db", None))
        sentinel = {name.removeprefix("sentinel_"): given.pop(name) for name in [*given] if name in _OF_SENTINELS}
        options = _connection(_with_credentials(parts, given), tls=transport == "rediss", scheme="rediss")
        sentinel_tls = sentinel.pop("ssl", "0") == "1"
        port = _SENTINEL_PORT if kind == "sentinel" else _PORT
        return cls(
            kind,
            tuple((host, each or port) for host, each in parts.hosts),
            service,
            options if kind == "cluster" else options | {"db": database},
            _connection(sentinel, tls=sentinel_tls, scheme="sentinel_ssl=1"),
        )

    @property
    def secrets(self) -> tuple[str, ...]:
        """Return what no message may have."""
        every = (self.options, self.sentinel_options)
        return tuple(each[name] for each in every for name in ("password", "ssl_password") if name in each)

    @property
    def files(self) -> Mapping[str, str]:
        """Return the paths of the files that the options name, by option."""
        named = {**self.options, **{f"sentinel_{name}": value for name, value in self.sentinel_options.items()}}
        return {name: path for name, path in named.items() if name.endswith(("_ca_certs", "_certfile", "_keyfile"))}

    def __str__(self) -> str:
        return "Redis at " + ", ".join(f"{host} port {port}" for host, port in self.nodes)


def _options_of(parts: UrlParts, kind: str) -> dict[str, str]:
    if kind != "sentinel":
        return read_options(parts.options, _ALLOWED, _REFUSED)
    return read_options(parts.options, {**_ALLOWED, **_OF_SENTINELS}, {**_REFUSED, **_REFUSED_OF_SENTINELS})


def _service_and_database(path: str, kind: str, option: str | None) -> tuple[str, int]:
    """Return the name that the sentinels have for the servers, and the number of the database."""
    service = ""
    if kind == "sentinel":
        service, _, path = path.partition("/")
        service = decoded("service", service)
        if not service or not service.isprintable():
            raise WrongUrl(f"must name the service of the sentinels after the /; {_FORMS}")
    if path and option is not None:
        raise WrongUrl("the database is given twice: after the / and as the option db")
    try:
        database = int(number(option or path or "0"))
    except WrongUrl:
        raise WrongUrl(f"the database after the / must be a whole number, such as 0; {_FORMS}") from None
    if kind == "cluster" and database:
        raise WrongUrl("a cluster has the database 0 alone: leave the number out")
    return service, database


def _with_credentials(parts: UrlParts, given: dict[str, str]) -> dict[str, str]:
    for name, before in (("username", parts.user), ("password", parts.password)):
        if before is not None and name in given:
            raise WrongUrl(f"the {name} is given twice: before the @ and as an option")
        if before is not None:
            given[name] = before
    return given


def _connection(given: Mapping[str, str], *, tls: bool, scheme: str) -> dict[str, Any]:
    """Return the arguments of the client library; raises ``WrongUrl`` for options of TLS without TLS."""
    options: dict[str, Any] = {**given}
    if not tls and (unused := sorted(given.keys() & _TLS.keys())):
        raise WrongUrl(f"the option {unused[0]} is one of TLS: write {scheme} to use TLS")
    for name in {"ssl_check_hostname", "socket_keepalive"} & given.keys():
        options[name] = given[name] == "1"
    if "ssl_min_version" in given:
        options["ssl_min_version"] = _TLS_VERSIONS[given["ssl_min_version"]]
    return options | ({"ssl": True} if tls else {})
