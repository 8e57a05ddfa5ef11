"""The addresses on which the service listens."""

import errno
from collections.abc import AsyncIterator

from ...adapters.http.server.binding import bind
from ...adapters.http.server.listening import place, release
from ...domain.errors import ConfigurationError
from ..instance import bind_metrics
from .examination import Examination
from .finding import Result, ok, skipped


async def own_address(examination: Examination) -> AsyncIterator[Result]:
    """Yield that the service can listen; raises the error of the start if not."""
    settings = examination.settings
    own = place(settings.host, settings.port)
    try:
        release(await bind(settings.host, settings.port, mode=settings.socket_mode))
    except ConfigurationError as error:
        if examination.url is None or getattr(error.__cause__, "errno", None) != errno.EADDRINUSE:
            raise
        yield ok(f"A program listens on {own}: the service, if it runs.")
        return
    yield ok(f"The service can listen on {own}.")


async def metrics_address(examination: Examination) -> AsyncIterator[Result]:
    """Yield that metrics can be served; raises the error of the start if not."""
    settings = examination.settings
    if settings.metrics_port is None:
        yield skipped("KEYTURN_METRICS_PORT is not set, so there are no metrics.")
        return
    release(await bind_metrics(settings))
    yield ok(f"Metrics can be served on {settings.metrics_host} port {settings.metrics_port}.")
