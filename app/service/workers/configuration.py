"""The configuration and the logger of gunicorn."""

from collections.abc import Sequence
from typing import Any, Final

from gunicorn.app.base import BaseApplication
from gunicorn.glogging import Logger

from ...adapters.http.server.listening import ListeningSocket
from ...adapters.telemetry.shared_files import delete_gauges
from ..settings import Settings
from .temporary_folder import heartbeat_folder
from .worker import InstanceWorker

_HEARTBEAT_TIMEOUT_SECONDS: Final = 30
_CLEANUP_SECONDS: Final = 10
"""Time for a worker to end, in addition to the time that the settings give to running requests."""


class Configuration(BaseApplication):  # type: ignore[misc]  # gunicorn has no types
    """The latest settings, as gunicorn's configuration, and the sockets on which the workers serve ``metrics``."""

    def __init__(self, settings: Settings, metrics: Sequence[ListeningSocket]) -> None:
        self.settings = settings
        self.metrics = metrics
        super().__init__()

    def load_config(self) -> None:
        for name, value in _options(self.settings).items():
            self.cfg.set(name, value)


class PropagatingLogger(Logger):  # type: ignore[misc]  # as above
    """A logger that passes gunicorn's lines to the handlers of this process."""

    def setup(self, cfg: Any) -> None:
        self.cfg = cfg
        self.error_log.propagate = True


def _options(settings: Settings) -> dict[str, object]:
    """Return the options that differ from gunicorn's defaults. The sockets are bound already."""
    return {
        "bind": [],
        "workers": settings.workers,
        "worker_class": InstanceWorker,
        "timeout": _HEARTBEAT_TIMEOUT_SECONDS,
        "graceful_timeout": settings.drain_delay + settings.shutdown_timeout + _CLEANUP_SECONDS,
        "worker_tmp_dir": heartbeat_folder(),
        "logger_class": PropagatingLogger,
        "control_socket_disable": True,
        "child_exit": _remove_gauges,
    }


def _remove_gauges(_: object, worker: InstanceWorker) -> None:
    """Remove the gauges of a worker that has ended. Its counters stay."""
    delete_gauges(worker.pid)
