"""The parent: it keeps as many workers as there should be, and replaces them when the settings are read again."""

import os
import signal
import time
from collections.abc import Callable, Sequence
from typing import Final

from gunicorn.arbiter import Arbiter

from ...adapters.http.server.listening import ListeningSocket
from ...domain.errors import ConfigurationError, StoreUnavailable
from ..settings import Settings
from .configuration import Configuration
from .rehearsal import rehearse
from .worker import InstanceWorker

_STOP_SIGNALS: Final = (signal.SIGTERM, signal.SIGINT, signal.SIGQUIT)
_IGNORED_SIGNALS: Final = (signal.SIGUSR1, signal.SIGUSR2, signal.SIGWINCH)


class Workers(Arbiter):  # type: ignore[misc]  # gunicorn has no types
    """gunicorn's arbiter, which drains on SIGINT too, and replaces a worker only once its successor is ready."""

    WORKERS: dict[int, InstanceWorker]

    def __init__(
        self,
        settings: Settings,
        sockets: Sequence[ListeningSocket],
        metrics: Sequence[ListeningSocket],
        *,
        read_again: Callable[[], Settings],
        announce: Callable[[str], None],
    ) -> None:
        super().__init__(Configuration(settings, metrics))
        self.LISTENERS = list(sockets)
        self._read_again = read_again
        self._announce: Callable[[str], None] | None = announce
        self._youngest_outdated = 0

    def init_signals(self) -> None:
        """There are no log files to reopen, and no second parent takes over."""
        super().init_signals()
        for number in _IGNORED_SIGNALS:
            signal.signal(number, signal.SIG_IGN)

    def spawn_worker(self) -> None:
        """Let signals wait until the worker handles them: one that came between would be lost."""
        signal.pthread_sigmask(signal.SIG_BLOCK, self.SIGNALS)
        try:
            super().spawn_worker()
        finally:
            signal.pthread_sigmask(signal.SIG_UNBLOCK, self.SIGNALS)

    def manage_workers(self) -> None:
        """Start what is missing, and let go what is too many: those of older settings as the new ones become ready."""
        staying = sorted((each for each in self.WORKERS.values() if not each.leaving), key=lambda each: each.age)
        outdated = [each for each in staying if each.age <= self._youngest_outdated]
        current = [each for each in staying if each.age > self._youngest_outdated]
        for _ in range(self.num_workers - len(current)):
            self.spawn_worker()
        ready = sum(each.ready for each in current)
        self._dismiss(outdated, keep=self.num_workers - ready)
        self._dismiss(current, keep=self.num_workers)
        if ready and self._announce is not None:
            self._announce(str(self.LISTENERS[0]))
            self._announce = None

    def murder_workers(self) -> None:
        """Kill who hangs, and who has not left in time."""
        super().murder_workers()
        for each in list(self.WORKERS.values()):
            if each.leaving and time.monotonic() > each.leaves_by:
                self.kill_worker(each.pid, signal.SIGKILL)

    def handle_hup(self) -> None:
        """Read the settings again. Where the service could not start with them, the workers stay as they are."""
        try:
            settings = self._read_again()
            rehearse(settings)
        except (ConfigurationError, StoreUnavailable) as error:
            self.log.error("the settings are not taken over: %s", error)  # noqa: TRY400  # it is for whoever mends it
            return
        self.log.info("the settings were read again")
        self.app.settings = settings
        self._youngest_outdated = self.worker_age

    def handle_int(self) -> None:
        """Stop gracefully."""
        self.handle_term()

    def stop(self, graceful: bool = True) -> None:  # noqa: FBT001, FBT002  # gunicorn's signature
        """End all workers: they close the port, and answer whoever has connected. A second signal ends all at once."""
        for each in self.LISTENERS:
            each.close()
        self.LISTENERS = []
        deadline = time.monotonic() + (self.cfg.graceful_timeout if graceful else 0)
        self.kill_workers(signal.SIGTERM)
        while self.WORKERS and time.monotonic() < deadline:
            for number in self.wait_for_signals():
                if number in _STOP_SIGNALS:
                    self._end_by(number)
            self.reap_workers()
        self.kill_workers(signal.SIGKILL)
        self.reap_workers()

    def _dismiss(self, workers: Sequence[InstanceWorker], *, keep: int) -> None:
        """Let the oldest go, such that ``keep`` stay."""
        for each in workers[: max(0, len(workers) - max(0, keep))]:
            each.leaves_by = time.monotonic() + self.cfg.graceful_timeout
            self.kill_worker(each.pid, signal.SIGTERM)

    def _end_by(self, number: signal.Signals) -> None:
        self.kill_workers(signal.SIGKILL)
        signal.signal(number, signal.SIG_DFL)
        os.kill(os.getpid(), number)
