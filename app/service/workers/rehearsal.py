"""A trial start in a separate process. Its keys, connections and threads end with that process.

In the parent, the fork of a worker would copy them in an unusable state.
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
from ..instance import create_runner
from ..open_stores import prepare_stores
from ..settings import Settings

_LOG: Final = logging.getLogger("keyturn")


def rehearse(settings: Settings) -> None:
    """Prepare the stores, start an instance and stop it.

    Raises ``ConfigurationError`` and ``StoreUnavailable`` if a worker could not start.
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
    """Run the trial start; send its error to the parent, or ``None``."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    try:
        asyncio.run(_start_and_stop(settings))
    except (ConfigurationError, StoreUnavailable) as error:
        parent.send(error)
    except Exception:  # noqa: BLE001  # the log has the cause, and the parent continues
        _LOG.exception("bug")
        sys.exit(1)
    else:
        parent.send(None)


async def _start_and_stop(settings: Settings) -> None:
    """Start and stop an instance without metrics, because its counts would be added to those of the workers."""
    settings = replace(settings, metrics_port=None)
    await prepare_stores(settings)
    runner = create_runner(settings)
    try:
        await runner.setup()
    finally:
        await runner.cleanup()
