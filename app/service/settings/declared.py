"""The settings that there are: of each its variable, the form of its values, its default, and what it is."""

from collections.abc import Callable
from dataclasses import dataclass, field
from ipaddress import IPv4Network, IPv6Network
from pathlib import Path
from typing import Any, Final

from ...domain.login.user import MAX_PASSWORD_LENGTH
from ...domain.rate_limits.rate_limit import RateLimit
from ...domain.scope import ACCOUNT, Scope
from ...domain.tokens.policy import MAX_TOKEN_LIFETIME
from . import forms as form

PREFIX: Final = "KEYTURN_"
_LEVELS: Final = ("debug", "info", "warning", "error")
_YEAR: Final = 366 * 86_400


def _setting(name: str, parse: Callable[[str], Any], default: str = "", *, secret: bool = False, help: str) -> Any:
    """Declare a setting; a secret one is hidden in ``repr`` and can be read from the file that ``NAME_FILE`` names."""
    metadata = {"name": PREFIX + name, "parse": parse, "default": default, "secret": secret, "help": help}
    return field(default=parse(default) if default else None, repr=not secret, metadata=metadata)


@dataclass(frozen=True, slots=True, kw_only=True)
class DeclaredSettings:
    """Every setting, by its name without the prefix, in lower case. Durations are seconds."""

    host: str = _setting("HOST", form.text, "127.0.0.1", help="address to listen on")
    port: int = _setting("PORT", form.whole(0, 65_535), "8080", help="port to listen on; 0 is any free one")
    issuer: str = _setting("ISSUER", form.issuer, "http://127.0.0.1:8080", help="the `iss` claim: this service's URL")
    audience: str = _setting("AUDIENCE", form.text, "keyturn", help="the `aud` claim: whom the access tokens are for")
    access_token_ttl: int = _setting(
        "ACCESS_TOKEN_TTL", form.duration(1, MAX_TOKEN_LIFETIME), "15m", help="lifetime of an access token"
    )
    refresh_token_ttl: int = _setting(
        "REFRESH_TOKEN_TTL",
        form.duration(1, _YEAR),
        "7d",
        help="lifetime of a session from sign-in; no refresh extends it",
    )
    refresh_idle_ttl: int | None = _setting(
        "REFRESH_IDLE_TTL", form.duration(1, _YEAR), help="time after which a session that is not refreshed ends"
    )
    replay_window: int = _setting(
        "REPLAY_WINDOW",
        form.duration(0, 60),
        "30s",
        help="time for which the token just replaced gets the same successor",
    )
    default_scope: Scope = _setting("DEFAULT_SCOPE", form.scope, ACCOUNT, help="scope of a user who was given no other")
    clock_leeway: int = _setting(
        "CLOCK_LEEWAY", form.duration(0, 300), "30s", help="clock difference that validation allows"
    )
    database_url: str = _setting(
        "DATABASE_URL", form.store_url, "memory://", secret=True, help="store of the users, and of the sessions too"
    )
    session_url: str | None = _setting(
        "SESSION_URL", form.store_url, secret=True, help="another store for the sessions"
    )
    session_replicas: int = _setting(
        "SESSION_REPLICAS", form.whole(0, 10), "0", help="replicas of the session store that must confirm each change"
    )
    store_timeout: int = _setting(
        "STORE_TIMEOUT",
        form.duration(1, 60),
        "2s",
        help="time in which a store must answer; after it requests get a 503",
    )
    store_connections: int = _setting(
        "STORE_CONNECTIONS", form.whole(1, 1_000), "10", help="connections of one worker to a store, at most"
    )
    signing_key: str | None = _setting("SIGNING_KEY", form.secret, help="the signing key, as PEM", secret=True)
    signing_key_file: Path | None = _setting("SIGNING_KEY_FILE", form.path, help="file with the signing key, as PEM")
    keys_dir: Path | None = _setting("KEYS_DIR", form.path, help="directory of signing keys")
    key_passphrase: str | None = _setting(
        "KEY_PASSPHRASE", form.secret, secret=True, help="passphrase of the signing keys"
    )
    key_size: int = _setting(
        "KEY_SIZE", lambda text: int(form.one_of("2048", "3072", "4096")(text)), "2048", help="bits of keys made here"
    )
    key_encryption_key: tuple[bytes, ...] | None = _setting(
        "KEY_ENCRYPTION_KEY",
        form.encryption_keys,
        secret=True,
        help="key that encrypts the signing keys in the store of the sessions: 32 bytes in base64url; to replace it,"
        " the new one, a comma and the old one",
    )
    key_rotation_period: int | None = _setting(
        "KEY_ROTATION_PERIOD",
        form.duration(0, 10 * _YEAR),
        help="time between two signing keys: 30d unless given where keys can be made; 0 leaves it to keys rotate",
    )
    jwks_max_age: int = _setting("JWKS_MAX_AGE", form.duration(0, 86_400), "10m", help="cache lifetime of the JWK Set")
    bootstrap_username: str | None = _setting(
        "BOOTSTRAP_USERNAME", form.text, help="user to create at start where it does not exist"
    )
    bootstrap_password: str | None = _setting(
        "BOOTSTRAP_PASSWORD", form.secret, secret=True, help="that user's password"
    )
    password_min_length: int = _setting(
        "PASSWORD_MIN_LENGTH", form.whole(1, MAX_PASSWORD_LENGTH), "8", help="characters of a new password, at least"
    )
    password_hash_memory: int = _setting(
        "PASSWORD_HASH_MEMORY", form.whole(8_192, 1_048_576), "19456", help="memory of one Argon2id hash, in KiB"
    )
    password_hash_iterations: int = _setting(
        "PASSWORD_HASH_ITERATIONS", form.whole(1, 100), "2", help="passes of one Argon2id hash over its memory"
    )
    password_hash_threads: int | None = _setting(
        "PASSWORD_HASH_THREADS",
        form.whole(1, 64),
        help="passwords that one worker hashes at once: unless given 1 to 4, and one core less than there are in all",
    )
    password_hash_queue: int = _setting(
        "PASSWORD_HASH_QUEUE", form.whole(0, 10_000), "64", help="passwords that may wait to be hashed; more get a 503"
    )
    audit_retention: int = _setting(
        "AUDIT_RETENTION", form.duration(3_600, 10 * _YEAR), "90d", help="time for which audit events are kept"
    )
    login_account_budget: RateLimit = _setting(
        "LOGIN_ACCOUNT_BUDGET",
        form.limit,
        "40/80h",
        help="failed sign-ins of strangers to one account; success makes it whole",
    )
    login_device_budget: RateLimit = _setting(
        "LOGIN_DEVICE_BUDGET",
        form.limit,
        "10/20h",
        help="failed sign-ins to one account from one device that is known to it",
    )
    login_address_budget: RateLimit = _setting(
        "LOGIN_ADDRESS_BUDGET",
        form.limit,
        "10/10m",
        help="failed sign-ins to one account from one IPv4 address or IPv6 /64",
    )
    login_network_budget: RateLimit = _setting(
        "LOGIN_NETWORK_BUDGET",
        form.limit,
        "100/10m",
        help="failed sign-ins to all accounts from one IPv4 address or IPv6 /64",
    )
    login_budget: RateLimit = _setting(
        "LOGIN_BUDGET", form.limit, "10000/10m", help="failed sign-ins of strangers in all"
    )
    refresh_budget: RateLimit = _setting(
        "REFRESH_BUDGET", form.limit, "300/1m", help="refreshes of one session on one worker"
    )
    introspection_budget: RateLimit = _setting(
        "INTROSPECTION_BUDGET", form.limit, "60000/1m", help="introspections by one client on one worker"
    )
    device_ttl: int = _setting(
        "DEVICE_TTL", form.duration(1, _YEAR), "180d", help="time for which a device stays known after a sign-in"
    )
    trusted_proxies: tuple[IPv4Network | IPv6Network, ...] | None = _setting(
        "TRUSTED_PROXIES",
        form.networks,
        help="addresses or CIDRs of proxies, with commas between them, whose X-Forwarded-For is believed",
    )
    body_timeout: int = _setting(
        "BODY_TIMEOUT", form.duration(1, 300), "10s", help="time in which a request body must arrive"
    )
    cors_origins: tuple[str, ...] | None = _setting(
        "CORS_ORIGINS", form.origins, help="origins whose web pages may call the service, with commas between them"
    )
    docs: bool = _setting("DOCS", form.flag, "1", help="1 shows the API as a page at /docs, 0 does not")
    workers: int = _setting("WORKERS", form.whole(1, 128), "1", help="processes that serve the port")
    drain_delay: int = _setting(
        "DRAIN_DELAY",
        form.duration(0, 600),
        "0s",
        help="time from a stop signal, with /readyz at 503, to the end of listening",
    )
    shutdown_timeout: int = _setting(
        "SHUTDOWN_TIMEOUT", form.duration(1, 600), "30s", help="time that requests under way get to finish at shutdown"
    )
    log_level: str = _setting("LOG_LEVEL", form.one_of(*_LEVELS), "info", help="debug, info, warning or error")
    access_log: bool = _setting("ACCESS_LOG", form.flag, "1", help="1 logs every request, 0 none")
    metrics_port: int | None = _setting(
        "METRICS_PORT", form.whole(0, 65_535), help="port to serve /metrics on, for Prometheus; 0 is any free one"
    )
    metrics_host: str = _setting("METRICS_HOST", form.text, "127.0.0.1", help="address to serve /metrics on")
    traces: bool = _setting("TRACES", form.flag, "0", help="1 makes an OpenTelemetry span of every request")
    allow_http_issuer: bool = _setting(
        "ALLOW_HTTP_ISSUER", form.flag, "0", help="1 accepts an http issuer that is no loopback address"
    )
