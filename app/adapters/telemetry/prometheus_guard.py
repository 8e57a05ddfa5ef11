"""Telemetry of a guard as Prometheus metrics. docs/guard.md explains each metric.

The registry belongs to the application that uses the guard. This file does not change the options of prometheus-client.
"""

import time
from typing import Final

from prometheus_client import CollectorRegistry, Counter, Gauge

from ...domain.errors import KeyturnError
from ...domain.verifier.guard_state import GuardState
from ...ports.guard_telemetry import GuardTelemetry
from ..errors.table import reason

_GOOD: Final = "good"
_FAILED: Final = "failed"


class PrometheusGuardTelemetry(GuardTelemetry):
    """The metrics of one guard. Before the first feed, the feed counts as stale."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self._registry = registry
        self._refusals = self._counter("access_refusals", "Requests that the guard refused", "reason")
        self._fetches = self._counter("fetches", "Fetches from the issuer", "document", "outcome")
        self._keys = self._gauge("trusted_keys", "Keys of the issuer that are trusted", "livemin")
        self._keys_at = self._gauge("keys_timestamp_seconds", "When the keys were fetched", "livemin")
        self._revocations_at = self._gauge(
            "revocations_timestamp_seconds", "Time up to which revocations are known", "livemin"
        )
        self._stale = self._gauge("feed_stale", "1 if the last valid feed is too old", "livemax")
        self._revoked = self._gauge("revoked_sessions", "Sessions known to be revoked", "livemin")
        self._stale.set(1)

    def access_refused(self, refusal: KeyturnError) -> None:
        self._refusals.labels(reason(refusal)).inc()

    def keys_fetched(self, state: GuardState) -> None:
        self._count("keys", state.keys_fault)
        self._keys.set(len(state.kids))
        self._keys_at.set(_moment(state.keys_age))

    def feed_polled(self, state: GuardState) -> None:
        self._count("feed", state.feed_fault)
        self._keys.set(len(state.kids))
        self._revocations_at.set(_moment(state.feed_age))
        self._stale.set(state.feed_is_stale)
        self._revoked.set(state.revoked_sessions)

    def _count(self, document: str, fault: str) -> None:
        self._fetches.labels(document, _FAILED if fault else _GOOD).inc()

    def _counter(self, name: str, about: str, *labels: str) -> Counter:
        return Counter(f"keyturn_guard_{name}", about, labels, registry=self._registry)

    def _gauge(self, name: str, about: str, mode: str) -> Gauge:
        """Return a new gauge. ``mode`` says how the values of several processes of the application become one."""
        return Gauge(f"keyturn_guard_{name}", about, registry=self._registry, multiprocess_mode=mode)  # type: ignore[arg-type]  # one of its literals


def _moment(age: float | None) -> float:
    """Return the time (seconds since the epoch) that is ``age`` seconds ago, or 0 for ``None``."""
    return 0.0 if age is None else time.time() - age
