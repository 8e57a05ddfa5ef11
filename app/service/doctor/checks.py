"""The checks, in the order in which they run. The last ones need the URL that clients use."""

from typing import Final

from . import clock, keys, limits, listening, packages, permissions, proxy, public_url, settings, stores, users
from .finding import Check

_STORES: Final = ("database_url", "session_url")
_KEYS: Final = ("signing_key", "signing_key_file", "keys_dir", "key_passphrase", "key_encryption_key")

CHECKS: Final = (
    Check("settings", settings.values),
    Check("packages", packages.of_settings),
    Check("users", stores.users, needs=("database_url",)),
    Check("sessions", stores.sessions, needs=_STORES),
    Check("connections", stores.connections, needs=(*_STORES, "workers", "store_connections")),
    Check("clock", clock.beside_store, needs=(*_STORES, "clock_leeway")),
    Check("signing keys", keys.signing, needs=(*_STORES, *_KEYS)),
    Check("first user", users.bootstrap, needs=(*_STORES, "bootstrap_username", "bootstrap_password")),
    Check("lasting data", stores.lasting, needs=(*_STORES, *_KEYS)),
    Check("secret files", permissions.of_secret_files),
    Check("temporary files", permissions.temporary_folder, needs=("workers", "metrics_port")),
    Check("open files", limits.open_files, needs=("store_connections", "connections_per_address")),
    Check("memory", limits.memory, needs=("workers", "password_hash_memory", "password_hash_threads")),
    Check("address", listening.own_address, needs=("host", "port")),
    Check("metrics address", listening.metrics_address, needs=("metrics_host", "metrics_port")),
)

CHECKS_OF_URL: Final = (
    Check("issuer", public_url.issuer, needs=("issuer",)),
    Check("TLS", public_url.certificate),
    Check("proxy", proxy.proxy, needs=("host", "port", "issuer", "trusted_proxies")),
    Check("metadata", public_url.metadata, needs=("issuer",)),
    Check("key set", public_url.key_set, needs=("issuer", "jwks_max_age")),
    Check("clients' clock", public_url.date, needs=("clock_leeway",)),
)
