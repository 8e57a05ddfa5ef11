"""The optional packages prometheus-client and opentelemetry-api. Each is imported only if the settings choose it."""

from collections.abc import Callable, Iterator

from aiohttp.typedefs import Middleware

from ..adapters.http.server.request_metrics import measure_requests
from ..adapters.telemetry.shared_files import count_alone
from ..domain.errors import ConfigurationError
from ..ports.telemetry import Telemetry
from .settings import Settings


def prometheus_telemetry() -> Telemetry:
    """Return new metrics; raises ``ConfigurationError`` if prometheus-client is not installed."""
    return import_prometheus()()


def import_prometheus() -> Callable[[], Telemetry]:
    """Return the class of the metrics; raises ``ConfigurationError`` if prometheus-client is not installed.

    When it is imported, prometheus-client decides whether it counts in memory or in files: see ``shared_files``.
    """
    count_alone()
    try:
        from ..adapters.telemetry.prometheus import PrometheusTelemetry  # noqa: PLC0415  # it need not be installed
    except ModuleNotFoundError as error:
        raise ConfigurationError(
            "KEYTURN_METRICS_PORT: metrics need the package prometheus-client, which is not installed; run pip install"
            " keyturn[metrics]."
        ) from error
    return PrometheusTelemetry


def request_observers(settings: Settings, telemetry: Telemetry) -> Iterator[Middleware]:
    """Yield the middlewares that measure and trace requests, as the settings choose.

    Raises ``ConfigurationError`` if opentelemetry-api is needed and not installed.
    """
    if settings.telemetry != "none":
        yield measure_requests(telemetry)
    if settings.traces:
        yield _tracing()


def _tracing() -> Middleware:
    try:
        from ..adapters.http.server.tracing import trace  # noqa: PLC0415  # it need not be installed
    except ModuleNotFoundError as error:
        raise ConfigurationError(
            "KEYTURN_TRACES: traces need the package opentelemetry-api, which is not installed; run pip install"
            " keyturn[traces]."
        ) from error
    return trace
