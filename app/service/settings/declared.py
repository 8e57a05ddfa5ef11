"""Every setting: its variable, the form of its values, its default and its description."""

from collections.abc import Callable
from dataclasses import dataclass, field
from ipaddress import IPv4Network, IPv6Network
from pathlib import Path
from typing import Any, Final

from ...domain.login.user import MAX_PASSWORD_LENGTH
from ...domain.rate_limits.rate_limit import RateLimit
from ...domain.scope import ACCOUNT, Scope
from ...domain.sessions.session import LAST_SECOND
from ...domain.tokens.policy import MAX_LEEWAY, MAX_TOKEN_LIFETIME
from . import forms as form

PREFIX: Final = "KEYTURN_"
_LEVELS: Final = ("debug", "info", "warning", "error")
_YEAR: Final = 366 * 86_400
_SHORTEST_SESSION: Final = 1 + LAST_SECOND
"""Seconds. A session in its last second is over, so a shorter one would be over at sign-in."""

DEFAULT_REPLAY_WINDOW: Final = 120
"""Seconds."""


def _setting(name: str, parse: Callable[[str], Any], default: str = "", *, secret: bool = False, help: str) -> Any:
    """Declare a setting. A secret is hidden in ``repr``; the variable ``NAME_FILE`` can name a file with it."""
    metadata = {"name": PREFIX + name, "parse": parse, "default": default, "secret": secret, "help": help}
    return field(default=parse(default) if default else None, repr=not secret, metadata=metadata)


@dataclass(frozen=True, slots=True, kw_only=True)
class DeclaredSettings:
    """Every setting, by its name in lower case and without the prefix. Durations are seconds."""

    host: str = _setting(
        "HOST",
        form.host,
        "127.0.0.1",
        help="Address to listen on. `0.0.0.0` is all addresses of IPv4, `::` and `*` are all of IPv6 and IPv4."
        " `unix:/path` is a Unix socket.",
    )
    port: int = _setting(
        "PORT",
        form.integer(0, 65_535),
        "8080",
        help="Port to listen on. `0` takes any free port. A Unix socket has none.",
    )
    socket_mode: int = _setting(
        "SOCKET_MODE",
        form.socket_mode,
        "660",
        help="Mode of the file of a Unix socket: who may connect. `660` is the user and the group of the process.",
    )
    issuer: str | None = _setting(
        "ISSUER",
        form.issuer,
        help="The `iss` claim: the URL of this service. Default: the loopback address on which it listens, such"
        " as `http://127.0.0.1:8080`.",
    )
    audience: tuple[str, ...] = _setting(
        "AUDIENCE",
        form.audiences,
        "keyturn",
        help="The `aud` claim: the services that accept the access tokens, separated by commas. The routes of Keyturn"
        " accept the first. A request can choose some of them with `resource`.",
    )
    access_token_ttl: int = _setting(
        "ACCESS_TOKEN_TTL",
        form.duration(1, MAX_TOKEN_LIFETIME),
        "15m",
        help="Lifetime of an access token, also of those that were issued before it was lowered.",
    )
    refresh_token_ttl: int = _setting(
        "REFRESH_TOKEN_TTL",
        form.duration(_SHORTEST_SESSION, _YEAR),
        "7d",
        help="Lifetime of a session, counted from sign-in. A refresh does not extend it.",
    )
    refresh_idle_ttl: int | None = _setting(
        "REFRESH_IDLE_TTL",
        form.duration(_SHORTEST_SESSION, _YEAR),
        help="A session ends if it is not refreshed for this time.",
    )
    replay_window: int = _setting(
        "REPLAY_WINDOW",
        form.duration(0, 600),
        "2m",
        help="Time for which a replaced refresh token still gets the current one. At most half of"
        " `KEYTURN_ACCESS_TOKEN_TTL`; the default is lowered to that.",
    )
    sessions_per_user: int = _setting(
        "SESSIONS_PER_USER",
        form.integer(1, 10_000),
        "100",
        help="Live sessions that one user can have. A sign-in beyond that ends the session that was not refreshed for"
        " the longest time.",
    )
    default_scope: Scope = _setting(
        "DEFAULT_SCOPE", form.scope, ACCOUNT, help="Scope of a user who was given no other scope."
    )
    clock_leeway: int = _setting(
        "CLOCK_LEEWAY",
        form.duration(0, MAX_LEEWAY),
        "30s",
        help="Difference between clocks that validation allows. An instance whose clock differs from that of the"
        " store by more does not serve.",
    )
    database_url: str = _setting(
        "DATABASE_URL",
        form.store_url,
        "memory://",
        secret=True,
        help="Store of users, OAuth clients and audit events. It also keeps the sessions unless"
        " `KEYTURN_SESSION_URL` is set.",
    )
    session_url: str | None = _setting(
        "SESSION_URL", form.store_url, secret=True, help="Separate store for the sessions."
    )
    session_replicas: int = _setting(
        "SESSION_REPLICAS",
        form.integer(0, 10),
        "0",
        help="Number of replicas of the session store that must confirm each change.",
    )
    store_timeout: int = _setting(
        "STORE_TIMEOUT",
        form.duration(1, 60),
        "2s",
        help="Time that a store has to answer. After it, the request gets a 503, and a start fails.",
    )
    refresh_timeout: int = _setting(
        "REFRESH_TIMEOUT",
        form.duration(1, 60),
        "1s",
        help="Time within which a refresh is committed. One that would take longer gets a 503, and changes nothing.",
    )
    store_connections: int = _setting(
        "STORE_CONNECTIONS",
        form.integer(1, 1_000),
        "10",
        help="Maximum number of connections from one worker to a store.",
    )
    store_prepared_statements: bool | None = _setting(
        "STORE_PREPARED_STATEMENTS",
        form.flag,
        help="Whether connections to PostgreSQL keep prepared statements: `1`, or `0` for a pooler in transaction mode."
        " By default they do, unless a pooler such as PgBouncer is found.",
    )
    signing_key: str | None = _setting("SIGNING_KEY", form.secret, help="The signing key, as PEM text.", secret=True)
    signing_key_file: Path | None = _setting(
        "SIGNING_KEY_FILE", form.path, help="Path of a PEM file that holds the signing key."
    )
    keys_dir: Path | None = _setting("KEYS_DIR", form.path, help="Directory of signing keys.")
    key_passphrase: str | None = _setting(
        "KEY_PASSPHRASE", form.secret, secret=True, help="Passphrase of the signing keys."
    )
    key_size: int = _setting(
        "KEY_SIZE",
        lambda text: int(form.one_of("2048", "3072", "4096")(text)),
        "2048",
        help="Size of new signing keys in bits: 2048, 3072 or 4096.",
    )
    key_encryption_key: tuple[bytes, ...] | None = _setting(
        "KEY_ENCRYPTION_KEY",
        form.encryption_keys,
        secret=True,
        help="Key that encrypts the signing keys in the session store: 32 bytes in base64url. To replace it,"
        " give the new key, a comma and the old key.",
    )
    key_rotation_period: int | None = _setting(
        "KEY_ROTATION_PERIOD",
        form.duration(0, 10 * _YEAR),
        help="Time after which a new signing key takes over. Default `30d` with `KEYTURN_KEYS_DIR` or a"
        " shared key store, off otherwise. `0` disables it.",
    )
    jwks_max_age: int = _setting(
        "JWKS_MAX_AGE", form.duration(0, 86_400), "10m", help="Time for which the JWK Set may be cached."
    )
    bootstrap_username: str | None = _setting(
        "BOOTSTRAP_USERNAME", form.text, help="User to create at start if no user has this name."
    )
    bootstrap_password: str | None = _setting(
        "BOOTSTRAP_PASSWORD", form.secret, secret=True, help="Password of that user."
    )
    password_min_length: int = _setting(
        "PASSWORD_MIN_LENGTH",
        form.integer(1, MAX_PASSWORD_LENGTH),
        "8",
        help="Minimum length of a new password, in characters.",
    )
    password_hash_memory: int = _setting(
        "PASSWORD_HASH_MEMORY", form.integer(8_192, 1_048_576), "19456", help="Memory of one Argon2id hash, in KiB."
    )
    password_hash_iterations: int = _setting(
        "PASSWORD_HASH_ITERATIONS",
        form.integer(1, 100),
        "2",
        help="Number of passes that one Argon2id hash makes over its memory.",
    )
    password_hash_threads: int | None = _setting(
        "PASSWORD_HASH_THREADS",
        form.integer(1, 64),
        help="Number of passwords that one worker hashes at the same time. Default: 1 to 4, so that all"
        " workers together leave one core free.",
    )
    password_hash_queue: int = _setting(
        "PASSWORD_HASH_QUEUE",
        form.integer(0, 10_000),
        "64",
        help="Number of passwords that may wait to be hashed. When the queue is full, a sign-in gets a 503.",
    )
    audit_retention: int = _setting(
        "AUDIT_RETENTION", form.duration(3_600, 10 * _YEAR), "90d", help="Time for which audit events are stored."
    )
    login_account_budget: RateLimit = _setting(
        "LOGIN_ACCOUNT_BUDGET",
        form.rate_limit,
        "40/80h",
        help="Rate limit of failed sign-ins to one account from unknown devices. A successful sign-in resets it.",
    )
    login_device_budget: RateLimit = _setting(
        "LOGIN_DEVICE_BUDGET",
        form.rate_limit,
        "10/20h",
        help="Rate limit of failed sign-ins to one account from one known device.",
    )
    login_address_budget: RateLimit = _setting(
        "LOGIN_ADDRESS_BUDGET",
        form.rate_limit,
        "10/10m",
        help="Rate limit of failed sign-ins to one account from unknown devices in one network: an IPv4"
        " address or an IPv6 /64.",
    )
    login_network_budget: RateLimit = _setting(
        "LOGIN_NETWORK_BUDGET",
        form.rate_limit,
        "100/10m",
        help="Rate limit of failed sign-ins to all accounts from unknown devices in one network: an IPv4"
        " address or an IPv6 /64.",
    )
    login_budget: RateLimit = _setting(
        "LOGIN_BUDGET", form.rate_limit, "10000/10m", help="Rate limit of all failed sign-ins from unknown devices."
    )
    refresh_budget: RateLimit = _setting(
        "REFRESH_BUDGET", form.rate_limit, "300/1m", help="Rate limit of refreshes of one session on one worker."
    )
    token_budget: RateLimit = _setting(
        "TOKEN_BUDGET",
        form.rate_limit,
        "6000/1m",
        help="Rate limit of token requests at `/oauth/token` by one client that authenticates, on one worker.",
    )
    introspection_budget: RateLimit = _setting(
        "INTROSPECTION_BUDGET",
        form.rate_limit,
        "60000/1m",
        help="Rate limit of introspections by one client on one worker.",
    )
    device_ttl: int = _setting(
        "DEVICE_TTL", form.duration(1, _YEAR), "180d", help="Time for which a device stays known after a sign-in."
    )
    trusted_proxies: tuple[IPv4Network | IPv6Network | str, ...] | None = _setting(
        "TRUSTED_PROXIES",
        form.proxies,
        help="Addresses or CIDRs of the proxies whose `X-Forwarded-For` is trusted, separated by commas. `unix:` is the"
        " proxy at a Unix socket.",
    )
    connections_per_address: int | None = _setting(
        "CONNECTIONS_PER_ADDRESS",
        form.integer(1, 1_000_000),
        help="Maximum number of connections from one address, an IPv4 address or an IPv6 /64, to one worker. Trusted"
        " proxies have no limit. Default: half of the files that the process may open.",
    )
    body_timeout: int = _setting(
        "BODY_TIMEOUT", form.duration(1, 300), "10s", help="Time within which a request body must arrive."
    )
    cors_origins: tuple[str, ...] | None = _setting(
        "CORS_ORIGINS", form.origins, help="Origins whose web pages may call the service, separated by commas."
    )
    docs: bool = _setting("DOCS", form.flag, "1", help="`1` serves a page for the API at `/docs`. `0` does not.")
    console: bool = _setting(
        "CONSOLE", form.flag, "1", help="`1` serves a page for administrators at `/console`. `0` does not."
    )
    workers: int = _setting("WORKERS", form.integer(1, 128), "1", help="Number of processes that serve the port.")
    drain_delay: int = _setting(
        "DRAIN_DELAY",
        form.duration(0, 600),
        "0s",
        help="Time between a stop signal and the end of listening. During this time `/readyz` answers 503.",
    )
    shutdown_timeout: int = _setting(
        "SHUTDOWN_TIMEOUT", form.duration(1, 600), "30s", help="Time that running requests have to finish at shutdown."
    )
    log_level: str = _setting(
        "LOG_LEVEL",
        form.one_of(*_LEVELS),
        "info",
        help="Lowest level that is logged: `debug`, `info`, `warning` or `error`.",
    )
    log_format: str | None = _setting(
        "LOG_FORMAT",
        form.one_of("json", "text"),
        help="Form of the lines of the log: `json`, or `text` for people. Default: `text` at a terminal, `json`"
        " elsewhere.",
    )
    access_log: bool = _setting("ACCESS_LOG", form.flag, "1", help="`1` logs every request. `0` logs none.")
    metrics_port: int | None = _setting(
        "METRICS_PORT",
        form.integer(0, 65_535),
        help="Port that serves `/metrics` for Prometheus. `0` takes any free port. Without it, nothing is measured.",
    )
    metrics_host: str = _setting(
        "METRICS_HOST",
        form.tcp_host,
        "127.0.0.1",
        help="Address that serves `/metrics`, as `KEYTURN_HOST`, but no Unix socket.",
    )
    traces: bool = _setting("TRACES", form.flag, "0", help="`1` makes an OpenTelemetry span of every request.")
    allow_http_issuer: bool = _setting(
        "ALLOW_HTTP_ISSUER", form.flag, "0", help="`1` accepts an `http` issuer that is not a loopback address."
    )
