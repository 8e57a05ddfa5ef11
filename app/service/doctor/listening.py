"""The addresses on which the service listens."""

from collections.abc import AsyncIterator, Awaitable, Sequence

from ...adapters.http.server.binding import bind
from ...adapters.http.server.listening import ListeningSocket, place, release
from ...domain.errors import ConfigurationError
from ..instance import bind_metrics, indistinct_clients, unreachable_issuer
from .examination import Examination
from .finding import Result, ok, skipped, warning
from .neighbour import is_in_use, keyturn_answers


async def own_address(examination: Examination) -> AsyncIterator[Result]:
    """Yield that the service can listen; raises the error of the start if not."""
    settings = examination.settings
    for each in (*indistinct_clients(settings), *unreachable_issuer(settings)):
        yield warning(f"{each[:1].upper()}{each[1:]}.")
    own = place(settings.host, settings.port)
    try:
        yield await _tried(examination, own, bind(settings.host, settings.port, mode=settings.socket_mode))
    except ConfigurationError as error:
        if not is_in_use(error) or not await keyturn_answers(settings.host, settings.port):
            raise
        examination.listens_here = True
        yield ok(f"Keyturn itself listens on {own}; another instance needs another address.")


async def metrics_address(examination: Examination) -> AsyncIterator[Result]:
    """Yield that metrics can be served; raises the error of the start if not."""
    settings = examination.settings
    if settings.metrics_port is None:
        yield skipped("KEYTURN_METRICS_PORT is not set, so there are no metrics.")
        return
    yield await _tried(examination, place(settings.metrics_host, settings.metrics_port), bind_metrics(settings))


async def _tried(examination: Examination, own: str, binding: Awaitable[Sequence[ListeningSocket]]) -> Result:
    """Bind an address, and release it. While the service may run, it is no fault that the address is in use."""
    try:
        release(await binding)
    except ConfigurationError as error:
        may_run = examination.url is not None or examination.listens_here
        if not may_run or not is_in_use(error):
            raise
        return ok(f"A program listens on {own}: the service, if it runs.")
    return ok(f"The service can listen on {own}.")
