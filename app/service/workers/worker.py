"""A worker: an instance that its parent starts, watches and stops."""

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
    """Runs an instance. The parent has one of these objects for each worker.

    The process of the worker sets ``ready``. The parent sets ``stop_deadline`` when it stops the worker: the time
    (monotonic clock) by which the worker must have ended.
    """

    age: int
    pid: int

    def __init__(self, *arguments: Any) -> None:
        super().__init__(*arguments)
        self._fault = ""
        self._shared = mmap.mmap(-1, 1)
        self.stop_deadline = 0.0

    @property
    def ready(self) -> bool:
        """Return whether the worker accepts requests, or has accepted them before."""
        return bool(self._shared[0])

    @property
    def stopping(self) -> bool:
        """Return whether the parent has sent the worker the signal to stop."""
        return bool(self.stop_deadline)

    def init_signals(self) -> None:
        """Ignore the signals of a terminal, which go to all processes: the parent decides what they mean."""
        for name in _PARENTS_SIGNALS:
            signal.signal(getattr(signal, f"SIG{name}"), signal.SIG_IGN)
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        signal.signal(signal.SIGABRT, self.handle_abort)

    def handle_abort(self, _: int, frame: FrameType | None) -> None:
        """Exit at once: the parent has received no heartbeat for too long."""
        place = "" if frame is None else f"{frame.f_code.co_filename}:{frame.f_lineno} {frame.f_code.co_name}"
        _LOG.critical("the event loop hangs", extra={"fields": {"at": place}})
        os._exit(1)

    def load_wsgi(self) -> None:
        """Load nothing: the application is created in ``run``."""

    def run(self) -> None:
        """Serve until the parent stops this worker or ends."""
        configure_logging(self.app.settings.log_level, self.app.settings.log_format, worker=os.getpid())
        asyncio.run(self._serve_until_stopped())

    async def _serve_until_stopped(self) -> None:
        stopped = asyncio.Event()
        asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, self._stop, stopped)
        signal.pthread_sigmask(signal.SIG_SETMASK, ())
        heartbeat = asyncio.create_task(self._beat(stopped))
        while not stopped.is_set():
            await self._serve(stopped)
            with suppress(TimeoutError):
                await asyncio.wait_for(stopped.wait(), _RETRY_SECONDS)
        heartbeat.cancel()

    def _stop(self, stopped: asyncio.Event) -> None:
        """Set ``stopped``. A worker that has accepted no request yet ends at once: it may wait for a store."""
        if not self.ready:
            logging.shutdown()
            os._exit(0)
        stopped.set()

    async def _serve(self, stopped: asyncio.Event) -> None:
        """Serve until ``stopped``; log the error if the instance cannot start."""
        try:
            runner = create_runner(self.app.settings, metrics=self.app.metrics)
            await serve(runner, self.sockets, stopped=stopped, announce=self._set_ready)
        except (ConfigurationError, StoreUnavailable) as error:
            self._log_once(error)
        except Exception:  # noqa: BLE001  # the store may recover, and the parent would start an ended worker again
            _LOG.exception("bug")

    def _log_once(self, error: KeyturnError) -> None:
        """Log the error, unless it is the same as the last one."""
        if str(error) != self._fault:
            self._fault = str(error)
            _LOG.error("this worker waits to start: %s", error)

    async def _beat(self, stopped: asyncio.Event) -> None:
        while True:
            self.notify()
            if os.getppid() != self.ppid:
                stopped.set()
            await asyncio.sleep(_BEAT_SECONDS)

    def _set_ready(self) -> None:
        """Set ``ready`` in shared memory and wake the parent, which SIGCHLD does."""
        self._shared[0] = 1
        with suppress(ProcessLookupError):
            os.kill(self.ppid, signal.SIGCHLD)
