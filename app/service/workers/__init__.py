"""Several processes that serve one port: a parent, which serves nobody, and its workers, each of them an instance."""

import asyncio
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Final

from ...adapters.http.server.listening import bind
from ...adapters.telemetry.shared_files import shared_files
from ...domain.errors import ConfigurationError
from ...ports.session_store import StoreOptions
from ..instance import bind_metrics
from ..settings import Settings
from ..stores import session_store
from ..telemetry import import_prometheus
from .rehearsal import rehearse

_MISSING: Final = (
    "KEYTURN_WORKERS: more than one worker needs gunicorn, which is not installed; run pip install keyturn[workers]."
)


def run_workers(settings: Settings, read_again: Callable[[], Settings], announce: Callable[[str], None]) -> None:
    """Serve until SIGTERM or SIGINT. ``announce`` is told the URL once requests are accepted; ``read_again`` reads the
    settings as they are at a SIGHUP.

    Raises ``SystemExit`` in the end; before that, ``ConfigurationError`` and ``StoreUnavailable`` if the service cannot
    start.
    """
    try:
        from .arbiter import Workers  # noqa: PLC0415  # it needs what one worker does not
    except ModuleNotFoundError as error:
        raise ConfigurationError(_MISSING) from error
    sockets = asyncio.run(bind(settings.host, settings.port))
    with _measuring_together(settings):
        metrics = asyncio.run(bind_metrics(settings))
        rehearse(settings)
        _import_adapters(settings)
        for each in (*sockets, *metrics):
            each.listen()
        Workers(settings, sockets, metrics, read_again=read_again, announce=announce).run()


@contextmanager
def _measuring_together(settings: Settings) -> Iterator[None]:
    """Let the workers' metrics, if there are any, be those of the whole service."""
    if settings.metrics_port is None:
        yield
        return
    with shared_files():
        import_prometheus()
        yield


def _import_adapters(settings: Settings) -> None:
    """Let the workers share the memory of its modules: making a store imports its adapter, and connects to nothing."""
    for url in (settings.database_url, settings.session_url):
        if url is not None:
            session_store(url, StoreOptions())
