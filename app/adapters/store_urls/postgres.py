"""The URLs of PostgreSQL databases, with the parameters of libpq."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from .options import Parse, number, one_of, read_options, secret, text
from .parts import UrlParts, WrongUrl, check_host, decoded, read_port, split_host, split_url

TLS_MODES: Final = ("disable", "allow", "prefer", "require", "verify-ca", "verify-full")
_VERIFYING: Final = frozenset({"require", "verify-ca", "verify-full"})
_NEEDS_TLS: Final = ("sslrootcert", "sslcert", "sslkey", "sslcrl", "sslpassword")
_DRIVER: Final = "; the driver can do nothing else"
_TLS_VERSIONS: Final = one_of("TLSv1.2", "TLSv1.3")

_ALLOWED: Final[Mapping[str, Parse]] = {
    "host": text,
    "port": text,
    "user": text,
    "password": secret,
    "dbname": text,
    "passfile": text,
    "sslmode": one_of(*TLS_MODES),
    "sslnegotiation": one_of("postgres", "direct"),
    **dict.fromkeys(("sslrootcert", "sslcert", "sslkey", "sslcrl"), text),
    "sslpassword": secret,
    "ssl_min_protocol_version": _TLS_VERSIONS,
    "ssl_max_protocol_version": _TLS_VERSIONS,
    "target_session_attrs": one_of("any", "read-write", "primary", why="; Keyturn has to write"),
    "application_name": text,
    "fallback_application_name": text,
    "connect_timeout": number,
    "options": text,
    "krbsrvname": text,
    "gsslib": one_of("gssapi", "sspi"),
    "gssencmode": one_of("disable", "prefer", why=_DRIVER),
    "channel_binding": one_of("disable", "prefer", why=f"{_DRIVER}. Use sslmode=verify-full instead"),
    "client_encoding": one_of("UTF8", "utf8", "auto", why=", because all texts are UTF-8"),
    "sslcompression": one_of("0", why=_DRIVER),
    "sslsni": one_of("1", why=_DRIVER),
    "load_balance_hosts": one_of("disable", why=_DRIVER),
}
"""The parameters of libpq that work. Some may only have the value that the driver always has."""

_UNSUPPORTED: Final = "the driver does not have it"
_SCHEMA: Final = "use options=-csearch_path%3DNAME"
_SERVER: Final = "use options=-cNAME%3DVALUE, or ALTER ROLE … SET"

_REFUSED: Final[Mapping[str, str]] = {
    **dict.fromkeys(
        ("keepalives", "keepalives_idle", "keepalives_interval", "keepalives_count", "tcp_user_timeout"),
        "KEYTURN_STORE_TIMEOUT limits every statement, and connections that break are replaced",
    ),
    **dict.fromkeys(
        (
            *("hostaddr", "requirepeer", "require_auth", "gssdelegation", "sslcertmode", "sslcrldir", "sslkeylogfile"),
            *("min_protocol_version", "max_protocol_version", "scram_client_key", "scram_server_key"),
        ),
        _UNSUPPORTED,
    ),
    **dict.fromkeys(("service", "servicefile"), "give the host, the user and the database in the URL"),
    **dict.fromkeys(("requiressl", "ssl", "tls"), "use sslmode=require or sslmode=verify-full"),
    **dict.fromkeys(("schema", "currentSchema", "search_path"), _SCHEMA),
    **dict.fromkeys(("statement_timeout", "command_timeout", "timeout"), "set KEYTURN_STORE_TIMEOUT"),
    **dict.fromkeys(("pool_size", "max_connections", "connection_limit"), "set KEYTURN_STORE_CONNECTIONS"),
    **dict.fromkeys(
        ("pgbouncer", "prepared_statement_cache_size", "statement_cache_size", "prepareThreshold"),
        "set KEYTURN_STORE_PREPARED_STATEMENTS",
    ),
    **dict.fromkeys(("database", "db"), "write it as dbname, or after the /"),
    "username": "write it as user, or before the @",
    "replication": "Keyturn needs a connection for statements",
    "timezone": _SERVER,
}


@dataclass(frozen=True, slots=True)
class PostgresUrl:
    """A database, and how to connect to it. ``str()`` names the servers without a password."""

    user: str | None
    password: str | None = field(repr=False)
    hosts: tuple[str, ...]
    ports: tuple[int, ...]
    database: str | None
    options: Mapping[str, str] = field(repr=False)
    """The other parameters of libpq, by name."""

    @classmethod
    def parse(cls, url: str) -> "PostgresUrl":
        """Return the database that ``url`` names; raises ``WrongUrl``."""
        parts = split_url(url)
        options = read_options(parts.options, _ALLOWED, _REFUSED)
        hosts, ports = _servers(parts, options)
        user = _once("user", parts.user, options.pop("user", None))
        password = _once("password", parts.password, options.pop("password", None))
        database = _once("database", _database(parts.path), options.pop("dbname", None))
        _check_tls(options)
        return cls(user, password, hosts, ports, database, options)

    @property
    def secrets(self) -> tuple[str, ...]:
        """Return what no message may have."""
        return tuple(each for each in (self.password, self.options.get("sslpassword")) if each)

    def __str__(self) -> str:
        if not self.hosts:
            return "PostgreSQL at the local socket"
        ports = self.ports or (5432,) * len(self.hosts)
        return "PostgreSQL at " + ", ".join(f"{host} port {port}" for host, port in zip(self.hosts, ports, strict=True))


def _servers(parts: UrlParts, options: dict[str, str]) -> tuple[tuple[str, ...], tuple[int, ...]]:
    """Return the hosts and their ports, from the authority or from the options. Without hosts there may be one port."""
    given = options.pop("host", None)
    if given is not None and parts.hosts:
        raise WrongUrl("the host is given twice: before the / and as an option")
    named = parts.hosts if given is None else tuple(_host(each) for each in given.split(","))
    hosts = tuple(host for host, _ in named)
    ports = [port for _, port in named]
    port = options.pop("port", None)
    if port is not None:
        if any(ports):
            raise WrongUrl("the port is given twice: before the / and as an option")
        numbers = [read_port(each) for each in port.split(",")]
        if len(numbers) not in (1, len(hosts)):
            raise WrongUrl("the option port must have one port, or as many as there are hosts")
        return hosts, tuple(numbers * (len(hosts) or 1) if len(numbers) == 1 else numbers)
    return hosts, tuple(each or 5432 for each in ports) if any(ports) else ()


def _host(given: str) -> tuple[str, int | None]:
    """Return a host of the option, which may be the folder of a socket."""
    return (check_host(given), None) if given.startswith("/") or given.count(":") > 1 else split_host(given)


def _database(path: str) -> str | None:
    if "/" in path:
        raise WrongUrl("the database must not have a /: write it as %2F")
    name = decoded("database", path)
    if not name.isprintable():
        raise WrongUrl("the database must be printable text")
    return name or None


def _once(name: str, before: str | None, option: str | None) -> str | None:
    if before is not None and option is not None:
        raise WrongUrl(f"the {name} is given twice: before the ? and as an option")
    return option if before is None else before


def _check_tls(options: Mapping[str, str]) -> None:
    """Raise ``WrongUrl`` for a certificate that would not be used, so that the connection would be open to others."""
    mode = options.get("sslmode")
    for name in _NEEDS_TLS:
        if name in options and mode not in _VERIFYING:
            raise WrongUrl(f"the option {name} needs sslmode=require, verify-ca or verify-full")
    if options.get("sslrootcert") == "system" and mode != "verify-full":
        raise WrongUrl("the option sslrootcert=system needs sslmode=verify-full")
    if options.get("sslnegotiation") == "direct" and mode not in _VERIFYING:
        raise WrongUrl("the option sslnegotiation=direct needs sslmode=require, verify-ca or verify-full")
