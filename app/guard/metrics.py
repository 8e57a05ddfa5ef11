"""Metrics of a guard, for an application with its own Prometheus metrics."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..domain.errors import ConfigurationError

if TYPE_CHECKING:
    from prometheus_client import CollectorRegistry

    from ..ports.guard_telemetry import GuardTelemetry


def guard_metrics(registry: CollectorRegistry | None = None) -> GuardTelemetry:
    """Return the telemetry of one guard, in ``registry`` or in the default registry of prometheus-client.

    Raises ``ConfigurationError`` if prometheus-client is not installed, and ``ValueError`` if the registry already has
    the metrics of a guard.
    """
    try:
        from prometheus_client import REGISTRY  # noqa: PLC0415  # it need not be installed

        from ..adapters.telemetry.prometheus_guard import PrometheusGuardTelemetry  # noqa: PLC0415  # as above
    except ModuleNotFoundError as error:
        raise ConfigurationError(
            "Metrics of a guard need the package prometheus-client, which is not installed; run pip install"
            " keyturn[metrics]."
        ) from error
    return PrometheusGuardTelemetry(REGISTRY if registry is None else registry)
