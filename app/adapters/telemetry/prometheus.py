"""Telemetry as Prometheus metrics. docs/monitoring.md explains each metric to operators."""

import os
from collections.abc import Mapping, Sequence
from typing import Final

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, disable_created_metrics, generate_latest
from prometheus_client.multiprocess import MultiProcessCollector
from prometheus_client.registry import Collector

from ...domain.audit.events import AuditEvent
from ...domain.errors import InvalidClient, KeyturnError
from ...domain.keys.signing_key import KeyState, SigningKey
from ...domain.sessions.errors import InvalidGrant
from ...ports.telemetry import Telemetry
from ..errors.table import entry, reason
from . import outcomes
from .ages import AgesFromMoments, this_moment
from .shared_files import FOLDER

disable_created_metrics()  # type: ignore[no-untyped-call]  # they would double the series

_SHORT: Final = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5)
"""Seconds: buckets for requests and for calls of a store."""

_HASHING: Final = (0.01, 0.025, 0.05, 0.1, 0.2, 0.4, 0.8, 1.6, 3.2)
"""Seconds: buckets for hashing. One hash takes about 25 ms; with 64 passwords in the queue, the last one waits 1.6 s on
one thread.
"""

_METHODS: Final = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
_OTHER: Final = "other"

_OVERLOADED: Final = ("door", "full", "late", "gone")
"""The reasons of requests that were refused because of overload."""


class PrometheusTelemetry(Telemetry):
    """The metrics of this process. Several workers count in shared files, and each can return the metrics of all."""

    def __init__(self) -> None:
        self._registry = CollectorRegistry()
        self._requests = self._counter("http_requests", "Answered requests", "method", "route", "status")
        self._request_seconds = self._histogram(
            "http_request_seconds", "Time until the response", _SHORT, "method", "route"
        )
        self._connections_refused = self._counter(
            "connections_refused", "Connections that were closed at once, because their address had too many"
        )
        self._waiting = self._gauge("requests_waiting", "Requests that wait for their turn", "livesum", "route")
        self._refused = self._counter(
            "requests_refused", "Requests that were refused because of overload", "route", "reason"
        )
        self._log_lines_dropped = self._counter("log_lines_dropped", "Lines of the log that nobody read in time")
        self._tokens = self._counter("tokens", "Requests for tokens, by outcome", "outcome", "reason")
        self._logins = self._counter("logins", "Sign-ins, by outcome", "outcome", "reason")
        self._sessions_revoked = self._counter("sessions_revoked", "Sessions revoked before their expiry", "reason")
        self._access_refusals = self._counter("access_refusals", "Requests that the guard refused", "reason")
        self._hashes_under_way = self._gauge("password_hashes_under_way", "Passwords that are being hashed", "livesum")
        self._hashes_waiting = self._gauge("password_hashes_waiting", "Passwords that wait to be hashed", "livesum")
        self._hashes_refused = self._counter(
            "password_hashes_refused", "Passwords that were not hashed, because too many waited or memory was short"
        )
        self._hash_seconds = self._histogram("password_hash_seconds", "Time of waiting and hashing together", _HASHING)
        self._store_seconds = self._histogram("store_seconds", "Calls that the store answered", _SHORT, "store", "act")
        self._store_failures = self._counter("store_failures", "Calls that the store did not answer", "store", "act")
        self._store_check_failures = self._counter(
            "store_check_failures", "Checks at which a store did not take a small change", "store", "fault"
        )
        self._keys = self._gauge("signing_keys", "Signing keys", "livemostrecent", "state")
        self._key_activation = self._gauge(
            "signing_key_activation_timestamp_seconds",
            "When the key activated or will activate",
            "livemostrecent",
            "state",
        )
        self._key_period = self._gauge(
            "signing_key_rotation_period_seconds",
            "Time between two keys; 0 if keys are rotated by hand only",
            "livemax",
        )
        self._clock_offset = self._gauge(
            "clock_offset_seconds", "The clock of this machine minus the clock of the store", "livemostrecent"
        )
        self._caught_up = self._gauge(
            "caught_up_age_seconds", "Time since the last success of a background task", "livemin", "task"
        )
        self._count_from_zero()

    def request_answered(self, *, method: str, route: str, status: int, seconds: float) -> None:
        method = method if method in _METHODS else _OTHER
        self._requests.labels(method, route or _OTHER, status).inc()
        self._request_seconds.labels(method, route or _OTHER).observe(seconds)

    def connection_refused(self) -> None:
        self._connections_refused.inc()

    def requests_waiting(self, *, route: str, number: int) -> None:
        self._waiting.labels(route).set(number)
        for each in _OVERLOADED:
            self._refused.labels(route, each)

    def requests_refused(self, *, route: str, reason: str, number: int) -> None:
        self._refused.labels(route, reason).inc(number)

    def log_lines_dropped(self, lines: int) -> None:
        self._log_lines_dropped.inc(lines)

    def event_recorded(self, event: AuditEvent) -> None:
        granted = outcomes.GRANTED.get(type(event))
        if granted is not None:
            self._tokens.labels(granted, "").inc()
        login = outcomes.login(event)
        if login is not None:
            self._logins.labels(*login).inc()
        revoked = outcomes.revoked(event)
        if revoked is not None:
            self._sessions_revoked.labels(revoked).inc()

    def access_refused(self, refusal: KeyturnError) -> None:
        self._access_refusals.labels(reason(refusal)).inc()

    def tokens_refused(self, refusal: KeyturnError) -> None:
        if isinstance(refusal, InvalidGrant) and refusal.reason == outcomes.REUSE:
            self._tokens.labels(outcomes.REUSE, "").inc()
        else:
            self._tokens.labels(outcomes.REFUSED, reason(refusal)).inc()

    def hashing_load(self, *, under_way: int, waiting: int) -> None:
        self._hashes_under_way.set(under_way)
        self._hashes_waiting.set(waiting)

    def password_hashed(self, *, seconds: float) -> None:
        self._hash_seconds.observe(seconds)

    def hashing_refused(self) -> None:
        self._hashes_refused.inc()

    def store_called(self, *, store: str, act: str, seconds: float, answered: bool) -> None:
        if answered:
            self._store_seconds.labels(store, act).observe(seconds)
        else:
            self._store_failures.labels(store, act).inc()

    def store_check_failed(self, *, store: str, fault: str) -> None:
        self._store_check_failures.labels(store, fault).inc()

    def signing_keys(self, keys: Sequence[SigningKey], states: Mapping[str, KeyState], *, period: int | None) -> None:
        for state in KeyState:
            times = [key.began_at() for key in keys if states[key.kid] is state]
            self._keys.labels(state).set(len(times))
            if state in (KeyState.ACTIVE, KeyState.PENDING):
                self._key_activation.labels(state).set(min(times, default=0))
        self._key_period.set(period or 0)

    def caught_up(self, task: str) -> None:
        self._caught_up.labels(task).set(this_moment())

    def clock_compared(self, difference: float) -> None:
        self._clock_offset.set(difference)

    def exposition(self) -> bytes:
        moments: Collector | CollectorRegistry = self._registry
        if FOLDER in os.environ:
            moments = MultiProcessCollector(CollectorRegistry())  # type: ignore[no-untyped-call]  # it has no types
        scraped = CollectorRegistry()
        scraped.register(AgesFromMoments(moments))
        return generate_latest(scraped)

    def _count_from_zero(self) -> None:
        """Make the series of which a few events matter: Prometheus does not see the first ones of a new series."""
        self._tokens.labels(outcomes.REUSE, "")
        self._tokens.labels(outcomes.REFUSED, entry(InvalidClient).reason)

    def _counter(self, name: str, about: str, *labels: str) -> Counter:
        return Counter(f"keyturn_{name}", about, labels, registry=self._registry)

    def _gauge(self, name: str, about: str, mode: str, *labels: str) -> Gauge:
        """Return a new gauge. ``mode`` says how the values of the running workers become one."""
        return Gauge(f"keyturn_{name}", about, labels, registry=self._registry, multiprocess_mode=mode)  # type: ignore[arg-type]  # one of its literals

    def _histogram(self, name: str, about: str, buckets: Sequence[float], *labels: str) -> Histogram:
        return Histogram(f"keyturn_{name}", about, labels, registry=self._registry, buckets=buckets)
