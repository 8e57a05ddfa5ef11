"""The optional package prometheus-client. It is imported only if the settings choose it."""

from collections.abc import Callable

from ..adapters.telemetry.shared_files import count_alone
from ..domain.errors import ConfigurationError
from ..ports.telemetry import Telemetry


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
