"""What gunicorn is told, and what it logs with."""

import os
from collections.abc import Sequence
from typing import Any, Final

from gunicorn.app.base import BaseApplication
from gunicorn.glogging import Logger

from ...adapters.http.server.listening import ListeningSocket
from ...adapters.telemetry.shared_files import forget_gauges
from ..settings import Settings
from .worker import InstanceWorker

_HEARTBEAT_TIMEOUT_SECONDS: Final = 30
_CLEANUP_SECONDS: Final = 10
"""What a worker may take to end, beside the time that the settings give to requests under way."""

_MEMORY: Final = "/dev/shm"  # noqa: S108  # gunicorn makes its files there as it does elsewhere: new, and nameless


class Configuration(BaseApplication):  # type: ignore[misc]  # gunicorn has no types
    """Settings for the workers, the latest ones, in the form in which gunicorn wants its own; and the sockets on which
    they serve ``metrics``.
    """

    def __init__(self, settings: Settings, metrics: Sequence[ListeningSocket]) -> None:
        self.settings = settings
        self.metrics = metrics
        super().__init__()

    def load_config(self) -> None:
        for name, value in _options(self.settings).items():
            self.cfg.set(name, value)


class PropagatingLogger(Logger):  # type: ignore[misc]  # as above
    """Leaves gunicorn's lines to the handlers of this process."""

    def setup(self, cfg: Any) -> None:
        self.cfg = cfg
        self.error_log.propagate = True


def _options(settings: Settings) -> dict[str, object]:
    """Return what differs from gunicorn's defaults; the sockets are bound already."""
    return {
        "bind": [],
        "workers": settings.workers,
        "worker_class": InstanceWorker,
        "timeout": _HEARTBEAT_TIMEOUT_SECONDS,
        "graceful_timeout": settings.drain_delay + settings.shutdown_timeout + _CLEANUP_SECONDS,
        "worker_tmp_dir": _MEMORY if os.access(_MEMORY, os.W_OK) else None,
        "logger_class": PropagatingLogger,
        "control_socket_disable": True,
        "child_exit": _bury,
    }


def _bury(_: object, worker: InstanceWorker) -> None:
    """Tell no longer how things stand in a worker that has ended; what it counted stays."""
    forget_gauges(worker.pid)
