"""What observes requests: metrics, and traces by opentelemetry-api. It is imported only if the settings choose it."""

from collections.abc import Iterator

from aiohttp.typedefs import Middleware

from ..adapters.http.server.request_metrics import measure_requests
from ..domain.errors import ConfigurationError
from ..ports.telemetry import Telemetry
from .settings import Settings


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
