"""A start that is only tried, in a process of its own: the parent of the workers keeps no key of it, no connection and
no thread, which a fork would leave half alive.
"""

import asyncio
import logging
import multiprocessing
import signal
import sys
from dataclasses import replace
from multiprocessing.connection import Connection
from typing import Final

from ...domain.errors import ConfigurationError, StoreUnavailable
from ..application import prepare_stores
from ..instance import create_runner
from ..settings import Settings

_LOG: Final = logging.getLogger("keyturn")


def rehearse(settings: Settings) -> None:
    """Prepare the stores, start an instance and end it again.

    Raises ``ConfigurationError`` and ``StoreUnavailable``: what would keep each worker from starting.
    """
    forking = multiprocessing.get_context("fork")
    here, there = forking.Pipe(duplex=False)
    process = forking.Process(target=_report, args=(settings, there), daemon=True)
    process.start()
    there.close()
    with here:
        try:
            fault: Exception | None = here.recv()
        except EOFError:
            fault = ConfigurationError("The service cannot start; the log says why.")
    process.join()
    if fault is not None:
        raise fault


def _report(settings: Settings, parent: "Connection[Exception | None, None]") -> None:
    """Send the parent what went wrong, if anything did."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    try:
        asyncio.run(_start_and_end(settings))
    except (ConfigurationError, StoreUnavailable) as error:
        parent.send(error)
    except Exception:  # noqa: BLE001  # the log has its cause, and the parent goes on
        _LOG.exception("bug")
        sys.exit(1)
    else:
        parent.send(None)


async def _start_and_end(settings: Settings) -> None:
    """It measures nothing: its files would be among those of the workers."""
    settings = replace(settings, metrics_port=None)
    await prepare_stores(settings)
    runner = create_runner(settings)
    try:
        await runner.setup()
    finally:
        await runner.cleanup()
