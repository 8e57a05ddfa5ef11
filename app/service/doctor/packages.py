"""The packages that the settings need and that are extras."""

from collections.abc import AsyncIterator, Callable, Iterator

from ...adapters.telemetry.null import NullTelemetry
from ...domain.errors import ConfigurationError
from ..request_observers import request_observers
from ..settings import Settings
from ..telemetry import import_prometheus
from ..workers import import_workers
from .examination import Examination
from .finding import Result, fault, ok


async def of_settings(examination: Examination) -> AsyncIterator[Result]:
    """Yield a fault for each package that is missing. The stores' own packages are looked for with the stores."""
    missing = False
    for needed in _imports(examination.settings):
        try:
            needed()
        except ConfigurationError as error:
            missing = True
            yield fault(str(error))
    if not missing:
        yield ok("The packages that these settings need are installed.")


def _imports(settings: Settings) -> Iterator[Callable[[], object]]:
    """Yield what the start calls to import the package of an extra."""
    if settings.workers > 1:
        yield import_workers
    if settings.metrics_port is not None:
        yield import_prometheus
    yield lambda: list(request_observers(settings, NullTelemetry()))
