"""Serve until a signal or an error."""

import asyncio
import logging
import signal
from collections.abc import Callable, Sequence
from typing import Final

from ...stop_signals import STOP_SIGNALS, second_signal_ends
from .gc_tuning import ease_gc, tune_gc
from .listening import ListeningSocket
from .receive_buffers import keep_receive_buffers
from .runner import Runner

_LOG: Final = logging.getLogger("keyturn.http")


async def serve(
    runner: Runner, sockets: Sequence[ListeningSocket], *, stopped: asyncio.Event, announce: Callable[[], None]
) -> None:
    """Start the application, listen until ``stopped`` is set, then drain. ``announce`` is called when it listens.

    Raises ``ConfigurationError`` and ``StoreUnavailable`` if the application cannot start. The sockets are closed at
    the end, if it has listened.
    """
    ease_gc()
    try:
        await runner.setup()
        tune_gc()
        keep_receive_buffers()
        await runner.listen(sockets)
        _LOG.info("listening", extra={"fields": {"addresses": [str(each) for each in sockets]}})
        announce()
        await stopped.wait()
        _LOG.info("draining")
        await runner.drain()
    finally:
        await runner.cleanup()


def stop_at_signals(stopped: asyncio.Event) -> None:
    """Let SIGTERM, SIGINT and SIGHUP set ``stopped`` from now on. A second SIGTERM or SIGINT ends the process at once.

    SIGHUP can come several times when a terminal closes, so a second one does nothing. ``nohup`` ignores SIGHUP, and it
    stays ignored.
    """
    loop = asyncio.get_running_loop()

    def stop() -> None:
        for number in STOP_SIGNALS:
            loop.remove_signal_handler(number)
            second_signal_ends(number)
        stopped.set()

    for number in STOP_SIGNALS:
        loop.add_signal_handler(number, stop)
    if signal.getsignal(signal.SIGHUP) is not signal.SIG_IGN:
        loop.add_signal_handler(signal.SIGHUP, stop)
