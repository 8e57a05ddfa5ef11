"""A worker: an instance whose parent tells it when to leave, and watches whether it lives."""

import asyncio
import logging
import mmap
import os
import signal
from contextlib import suppress
from types import FrameType
from typing import Any, Final

from gunicorn.workers.base import Worker

from ...adapters.http.server.serving import serve
from ...adapters.telemetry.logs import configure_logging
from ...domain.errors import ConfigurationError, KeyturnError, StoreUnavailable
from ..instance import create_runner

_LOG: Final = logging.getLogger("keyturn")

_BEAT_SECONDS: Final = 1.0
_RETRY_SECONDS: Final = 1.0
_PARENTS_SIGNALS: Final = ("HUP", "INT", "QUIT", "TTIN", "TTOU")


class InstanceWorker(Worker):  # type: ignore[misc]  # gunicorn has no types
    """Runs an instance. The parent holds one of these for each worker: ``ready`` is told by the worker's process, and
    ``leaves_by`` is the parent's own note of when (monotonic clock) the worker has to be gone, once it must leave.
    """

    age: int
    pid: int

    def __init__(self, *arguments: Any) -> None:
        super().__init__(*arguments)
        self._fault = ""
        self._shared = mmap.mmap(-1, 1)
        self.leaves_by = 0.0

    @property
    def ready(self) -> bool:
        """Tell whether it accepts requests, or has."""
        return bool(self._shared[0])

    @property
    def leaving(self) -> bool:
        """Tell whether it must leave."""
        return bool(self.leaves_by)

    def init_signals(self) -> None:
        """Hear the parent only: a terminal signals all processes, and the parent is who decides what that means."""
        for name in _PARENTS_SIGNALS:
            signal.signal(getattr(signal, f"SIG{name}"), signal.SIG_IGN)
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        signal.signal(signal.SIGABRT, self.handle_abort)

    def handle_abort(self, _: int, frame: FrameType | None) -> None:
        """End at once: the parent has heard no heartbeat for too long."""
        place = "" if frame is None else f"{frame.f_code.co_filename}:{frame.f_lineno} {frame.f_code.co_name}"
        _LOG.critical("the event loop hangs", extra={"fields": {"at": place}})
        os._exit(1)

    def load_wsgi(self) -> None:
        """The application is made where it runs."""

    def run(self) -> None:
        """Serve until the parent says otherwise, or is gone."""
        configure_logging(self.app.settings.log_level, worker=os.getpid())
        asyncio.run(self._live())

    async def _live(self) -> None:
        stopped = asyncio.Event()
        asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stopped.set)
        signal.pthread_sigmask(signal.SIG_SETMASK, ())
        heart = asyncio.create_task(self._beat(stopped))
        while not stopped.is_set():
            await self._serve(stopped)
            with suppress(TimeoutError):
                await asyncio.wait_for(stopped.wait(), _RETRY_SECONDS)
        heart.cancel()

    async def _serve(self, stopped: asyncio.Event) -> None:
        """Serve until ``stopped``, or say why that cannot be yet."""
        try:
            runner = create_runner(self.app.settings, metrics=self.app.metrics)
            await serve(runner, self.sockets, stopped=stopped, announce=self._tell_ready)
        except (ConfigurationError, StoreUnavailable) as error:
            self._tell(error)
        except Exception:  # noqa: BLE001  # the store or a setting may mend it; ending here would only begin it anew
            _LOG.exception("bug")

    def _tell(self, error: KeyturnError) -> None:
        """Say what it waits for, once."""
        if str(error) != self._fault:
            self._fault = str(error)
            _LOG.error("this worker waits to start: %s", error)

    async def _beat(self, stopped: asyncio.Event) -> None:
        while True:
            self.notify()
            if os.getppid() != self.ppid:
                stopped.set()
            await asyncio.sleep(_BEAT_SECONDS)

    def _tell_ready(self) -> None:
        """Note it where the parent sees it, and have the parent look: it wakes when it hears of a child."""
        self._shared[0] = 1
        with suppress(ProcessLookupError):
            os.kill(self.ppid, signal.SIGCHLD)
