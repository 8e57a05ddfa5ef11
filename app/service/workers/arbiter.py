"""The parent process. It keeps the configured number of workers running, and replaces them at a SIGHUP."""

import signal
import time
from collections.abc import Callable, Sequence
from types import FrameType
from typing import Final

from gunicorn.arbiter import Arbiter

from ...adapters.http.server.listening import ListeningSocket
from ...adapters.stop_signals import end_by
from ...domain.errors import ConfigurationError, StoreUnavailable
from ..settings import Settings
from .configuration import Configuration
from .rehearsal import rehearse
from .worker import InstanceWorker

_STOP_SIGNALS: Final = (signal.SIGTERM, signal.SIGINT, signal.SIGQUIT)
_IGNORED_SIGNALS: Final = (signal.SIGUSR1, signal.SIGUSR2, signal.SIGWINCH)


class Workers(Arbiter):  # type: ignore[misc]  # gunicorn has no types
    """gunicorn's arbiter. It also drains at SIGINT, and it stops a worker only after its successor is ready."""

    WORKERS: dict[int, InstanceWorker]

    def __init__(
        self,
        settings: Settings,
        sockets: Sequence[ListeningSocket],
        metrics: Sequence[ListeningSocket],
        *,
        read_settings: Callable[[], Settings],
        announce: Callable[[Sequence[str]], None],
    ) -> None:
        super().__init__(Configuration(settings, metrics))
        self.LISTENERS = list(sockets)
        self._read_settings = read_settings
        self._announce: Callable[[Sequence[str]], None] | None = announce
        self._youngest_outdated = 0
        self._is_stopping = False

    def init_signals(self) -> None:
        """Ignore the signals with which gunicorn reopens log files and starts a second parent."""
        super().init_signals()
        for number in _IGNORED_SIGNALS:
            signal.signal(number, signal.SIG_IGN)

    def signal(self, sig: int, frame: FrameType | None) -> None:
        """Queue a signal. One that stops the service ends a trial start, too."""
        self._is_stopping = self._is_stopping or sig in _STOP_SIGNALS
        super().signal(sig, frame)

    def spawn_worker(self) -> None:
        """Start a worker. Signals are blocked until its handlers are set, because a signal could be lost."""
        signal.pthread_sigmask(signal.SIG_BLOCK, self.SIGNALS)
        try:
            super().spawn_worker()
        finally:
            signal.pthread_sigmask(signal.SIG_UNBLOCK, self.SIGNALS)

    def manage_workers(self) -> None:
        """Start missing workers and stop surplus ones. Workers with old settings stop as new ones become ready."""
        remaining = sorted((each for each in self.WORKERS.values() if not each.stopping), key=lambda each: each.age)
        outdated = [each for each in remaining if each.age <= self._youngest_outdated]
        current = [each for each in remaining if each.age > self._youngest_outdated]
        for _ in range(self.num_workers - len(current)):
            self.spawn_worker()
        ready = sum(each.ready for each in current)
        self._stop_oldest(outdated, keep=self.num_workers - ready)
        self._stop_oldest(current, keep=self.num_workers)
        if ready and self._announce is not None:
            self._announce([str(each) for each in self.LISTENERS])
            self._announce = None

    def murder_workers(self) -> None:
        """Kill workers that hang or have not stopped in time."""
        super().murder_workers()
        for each in list(self.WORKERS.values()):
            if each.stopping and time.monotonic() > each.stop_deadline:
                self.kill_worker(each.pid, signal.SIGKILL)

    def handle_hup(self) -> None:
        """Read the settings again and replace the workers. If the service cannot start with them, change nothing."""
        try:
            settings = self._read_settings()
            rehearse(settings, is_cancelled=lambda: self._is_stopping)
        except (ConfigurationError, StoreUnavailable) as error:
            self.log.error("the settings are not taken over: %s", error)  # noqa: TRY400  # the text is enough
            return
        if self._is_stopping:
            return
        self.log.info("the settings were read again")
        self.app.settings = settings
        self._youngest_outdated = self.worker_age

    def handle_int(self) -> None:
        """Stop gracefully."""
        self.handle_term()

    def stop(self, graceful: bool = True) -> None:  # noqa: FBT001, FBT002  # gunicorn's signature
        """Stop all workers: they close the port and finish open requests. A second signal kills them."""
        for each in self.LISTENERS:
            each.close()
        self.LISTENERS = []
        deadline = time.monotonic() + (self.cfg.graceful_timeout if graceful else 0)
        self.kill_workers(signal.SIGTERM)
        while self.WORKERS and time.monotonic() < deadline:
            for number in self.wait_for_signals():
                if number in _STOP_SIGNALS:
                    self._exit_by(number)
            self.reap_workers()
        self.kill_workers(signal.SIGKILL)
        self.reap_workers()

    def _stop_oldest(self, workers: Sequence[InstanceWorker], *, keep: int) -> None:
        """Stop the oldest workers, so that ``keep`` workers remain."""
        for each in workers[: max(0, len(workers) - max(0, keep))]:
            each.stop_deadline = time.monotonic() + self.cfg.graceful_timeout
            self.kill_worker(each.pid, signal.SIGTERM)

    def _exit_by(self, number: int) -> None:
        self.kill_workers(signal.SIGKILL)
        end_by(number)
