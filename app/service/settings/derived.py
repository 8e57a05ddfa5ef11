"""Values that follow from the settings: policies, choices and sizes."""

import os
import resource
import sys
from dataclasses import dataclass
from ipaddress import IPv4Network, IPv6Network
from typing import Final
from urllib.parse import urlsplit

from ...domain.keys.policy import KeyPolicy
from ...domain.network import UNIX, is_loopback
from ...domain.rate_limits.policy import RateLimitPolicy
from ...domain.sessions.session import SessionPolicy
from ...domain.tokens.policy import STORED_REVOCATION_SECONDS, AccessTokenPolicy
from ...ports.session_store import StoreOptions
from .declared import DeclaredSettings

_THIRTY_DAYS: Final = 30 * 86_400
_MAX_HASHING_THREADS: Final = 4
_MAX_RETRY_AFTER: Final = 4
_LOOPBACK: Final = "127.0.0.1"
_UNLIMITED_FILES: Final = 1_048_576
"""Open files that are assumed if the operating system has no limit."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DerivedSettings(DeclaredSettings):
    """The settings, and the values that follow from them."""

    @property
    def is_public(self) -> bool:
        """Return whether clients reach the service over TLS."""
        return urlsplit(self.issuer_url).scheme == "https"

    @property
    def issuer_url(self) -> str:
        """Return the issuer: that of the settings, or the loopback address on which the service listens.

        A running service has the port that it has bound. One that listens on all addresses listens on loopback, too.
        Others need ``KEYTURN_ISSUER``: nobody could guess the URL that their clients use.
        """
        if self.issuer is not None:
            return self.issuer
        host = self.host if is_loopback(self.host) else _LOOPBACK
        return f"http://[{host}]:{self.port}" if ":" in host else f"http://{host}:{self.port}"

    @property
    def issuer_path(self) -> str:
        """Return the path of the issuer without a slash at its end. It stands before each path that clients request."""
        return urlsplit(self.issuer_url).path.rstrip("/")

    @property
    def is_local(self) -> bool:
        """Return whether only this machine can reach the service."""
        return self.host.startswith(UNIX) or is_loopback(self.host)

    @property
    def key_source(self) -> str:
        """Return where the signing keys come from: ``generated``, ``environment``, ``file``, ``directory`` or
        ``shared``.
        """
        if self.signing_key is not None:
            return "environment"
        if self.signing_key_file is not None:
            return "file"
        if self.keys_dir is not None:
            return "directory"
        return "generated" if self.key_encryption_key is None else "shared"

    @property
    def can_make_keys(self) -> bool:
        """Return whether the service can add signing keys to their source."""
        return self.key_source in ("directory", "shared")

    @property
    def key_policy(self) -> KeyPolicy:
        """Return when keys sign and when they are removed; keys that the service cannot make do not rotate."""
        period = self.key_rotation_period
        if period is None:
            period = _THIRTY_DAYS if self.can_make_keys else 0
        return KeyPolicy(
            period=period or None,
            jwks_max_age=self.jwks_max_age,
            access_token_lifetime=self.access_token_ttl,
            leeway=self.clock_leeway,
        )

    @property
    def access_token_policy(self) -> AccessTokenPolicy:
        """Return how access tokens are made and accepted."""
        return AccessTokenPolicy(
            issuer=self.issuer_url,
            audience=self.audience[0],
            other_audiences=self.audience[1:],
            lifetime=self.access_token_ttl,
            leeway=self.clock_leeway,
        )

    @property
    def session_policy(self) -> SessionPolicy:
        """Return how long sessions live."""
        return SessionPolicy(
            lifetime=self.refresh_token_ttl,
            idle_lifetime=self.refresh_idle_ttl,
            replay_window=min(self.replay_window, self.access_token_ttl // 2),
            leeway=self.clock_leeway,
            max_sessions=self.sessions_per_user,
        )

    @property
    def rate_limit_policy(self) -> RateLimitPolicy:
        """Return the rate limits."""
        return RateLimitPolicy(
            account=self.login_account_budget,
            device=self.login_device_budget,
            account_and_network=self.login_address_budget,
            network=self.login_network_budget,
            everyone=self.login_budget,
        )

    @property
    def store_options(self) -> StoreOptions:
        """Return the options of every store."""
        return StoreOptions(
            timeout=self.store_timeout,
            connections=self.store_connections,
            replaced_lifetime=self.session_policy.replaced_lifetime(),
            memory_of_revocations=STORED_REVOCATION_SECONDS,
            replicas=self.session_replicas,
            prepared_statements=self.store_prepared_statements,
        )

    @property
    def longest_wait(self) -> float:
        """Return how many seconds a refresh may wait for its turn. The rest of its time is for its work."""
        return self.refresh_timeout / 2

    @property
    def longest_retry_after(self) -> int:
        """Return the longest ``Retry-After`` of a refused refresh, in seconds: below half of the replay window, so that
        a client that lost an answer is not too late.
        """
        return max(1, min(_MAX_RETRY_AFTER, (self.session_policy.replay_window - 1) // 2))

    @property
    def telemetry(self) -> str:
        """Return the kind of telemetry: ``prometheus`` if there is a port for metrics, or ``none``."""
        return "none" if self.metrics_port is None else "prometheus"

    @property
    def trusted_networks(self) -> tuple[IPv4Network | IPv6Network | str, ...]:
        """Return the networks of the trusted proxies, and ``UNIX`` for one at the socket; there may be none."""
        return self.trusted_proxies or ()

    @property
    def max_connections_per_address(self) -> int:
        """Return how many connections one address may have to one worker, by default half of its file descriptors."""
        files, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
        if files == resource.RLIM_INFINITY:
            files = _UNLIMITED_FILES
        return self.connections_per_address or max(1, files // 2)

    @property
    def hashing_threads(self) -> int:
        """Return how many passwords one worker hashes at the same time.

        By default, the threads of all workers together leave one core to the event loops. With a hashing thread on
        every core, even of low priority, other requests take twice as long.
        """
        cores = len(os.sched_getaffinity(0)) if sys.platform == "linux" else os.cpu_count() or 1
        return self.password_hash_threads or min(_MAX_HASHING_THREADS, max(1, (cores - 1) // self.workers))

    @property
    def max_unknown_sign_ins(self) -> int:
        """Return how many sign-ins from unknown devices may run at once: those that hash and those that wait."""
        return self.hashing_threads + self.password_hash_queue

    @property
    def max_sign_in_lookups(self) -> int:
        """Return how many sign-ins from unknown devices may query the store at once: a third of its connections.

        Checks of device tokens may use another third. The rest is for other requests.
        """
        return max(1, self.store_connections // 3)
