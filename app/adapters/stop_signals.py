"""The signals that end the process while it has nothing to finish, such as during its start."""

import logging
import os
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Final, NoReturn

_LOG: Final = logging.getLogger("keyturn")

STOP_SIGNALS: Final = (signal.SIGTERM, signal.SIGINT)

_FIRST_PROCESS: Final = 1


@contextmanager
def ended_by_signals() -> Iterator[None]:
    """Let SIGTERM and SIGINT end the process at once, as ``kill -9`` does, whatever it waits for. The stores bear that.

    Nothing is unwound: a server that says nothing, or a thread that waits for a lock, could hold that up for a minute.
    Outside of the main thread this does nothing.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = {number: signal.signal(number, _end) for number in STOP_SIGNALS}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def end_by(number: int) -> NoReturn:
    """End this process by a signal. The kernel does not do that to the first process of a container, whose exit status
    is then the one that a shell would give it.
    """
    signal.signal(number, signal.SIG_DFL)
    os.kill(os.getpid(), number)
    os._exit(128 + number)


def second_signal_ends(number: int) -> None:
    """Let the next ``number`` end the process at once, even if its main thread hangs."""
    signal.signal(number, _end if os.getpid() == _FIRST_PROCESS else signal.SIG_DFL)


def _end(number: int, _: FrameType | None) -> NoReturn:
    _LOG.info("ended by a signal, with nothing to finish", extra={"fields": {"signal": signal.Signals(number).name}})
    for each in logging.getLogger().handlers:
        each.flush()
    end_by(number)
