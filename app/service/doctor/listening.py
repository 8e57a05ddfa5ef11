"""The addresses on which the service listens."""

import errno
from collections.abc import AsyncIterator, Iterable

from ...adapters.http.server.listening import ListeningSocket, bind
from ...domain.errors import ConfigurationError
from ..instance import bind_metrics
from .examination import Examination
from .finding import Result, ok, skipped


async def own_address(examination: Examination) -> AsyncIterator[Result]:
    """Yield that the service can listen; raises the error of the start if not."""
    settings = examination.settings
    try:
        _close(await bind(settings.host, settings.port))
    except ConfigurationError as error:
        if examination.url is None or getattr(error.__cause__, "errno", None) != errno.EADDRINUSE:
            raise
        yield ok(f"A program listens on {settings.host} port {settings.port}: the service, if it runs.")
        return
    yield ok(f"The service can listen on {settings.host} port {settings.port}.")


async def metrics_address(examination: Examination) -> AsyncIterator[Result]:
    """Yield that metrics can be served; raises the error of the start if not."""
    settings = examination.settings
    if settings.metrics_port is None:
        yield skipped("KEYTURN_METRICS_PORT is not set, so there are no metrics.")
        return
    _close(await bind_metrics(settings))
    yield ok(f"Metrics can be served on {settings.metrics_host} port {settings.metrics_port}.")


def _close(sockets: Iterable[ListeningSocket]) -> None:
    for each in sockets:
        each.close()
