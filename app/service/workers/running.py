"""Run the parent process and its workers."""

import asyncio
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING, Final

from ...adapters.http.server.listening import release
from ...adapters.telemetry.shared_files import shared_files
from ...domain.errors import ConfigurationError
from ...ports.session_store import StoreOptions
from ..instance import bind_metrics, bind_service, bound_to
from ..settings import Settings
from ..stores import session_store
from ..telemetry import import_prometheus
from .rehearsal import rehearse
from .temporary_folder import check_temporary_folder

if TYPE_CHECKING:
    from .arbiter import Workers

_MISSING: Final = (
    "KEYTURN_WORKERS: more than one worker needs gunicorn, which is not installed; run pip install keyturn[workers]."
)


def run_workers(
    settings: Settings, read_settings: Callable[[], Settings], announce: Callable[[Sequence[str], bool], None]
) -> None:
    """Serve until SIGTERM or SIGINT. ``announce`` is called with the addresses, and with whether there is no user, when
    the first worker accepts requests. ``read_settings`` is called at a SIGHUP.

    Raises ``SystemExit`` at the end, or ``ConfigurationError`` and ``StoreUnavailable`` if the service cannot start.
    """
    workers = import_workers()
    check_temporary_folder(settings)
    with ExitStack() as closing:
        settings, sockets = asyncio.run(bind_service(settings))
        closing.callback(release, sockets)
        metrics = asyncio.run(bind_metrics(settings))
        user_is_missing = rehearse(settings)
        closing.enter_context(_shared_metrics(settings))
        _import_adapters(settings)
        for each in (*sockets, *metrics):
            each.listen()
        workers(
            settings,
            sockets,
            metrics,
            read_settings=lambda: bound_to(read_settings(), sockets),
            announce=lambda addresses: announce(addresses, user_is_missing),
        ).run()


def import_workers() -> "type[Workers]":
    """Return the class of the parent process; raises ``ConfigurationError`` if gunicorn is not installed."""
    try:
        from .arbiter import Workers  # noqa: PLC0415  # one worker does not need gunicorn
    except ModuleNotFoundError as error:
        raise ConfigurationError(_MISSING) from error
    return Workers


@contextmanager
def _shared_metrics(settings: Settings) -> Iterator[None]:
    """Let the workers count in shared files, if there are metrics: each worker can then report the whole service."""
    if settings.metrics_port is None:
        yield
        return
    with shared_files():
        import_prometheus()
        yield


def _import_adapters(settings: Settings) -> None:
    """Import the adapters of the stores, so that the workers share their memory. A new store does not connect."""
    for url in (settings.database_url, settings.session_url):
        if url is not None:
            session_store(url, StoreOptions())
