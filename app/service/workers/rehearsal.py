"""A trial start in a separate process. Its keys, connections and threads end with that process.

In the parent, the fork of a worker would copy them in an unusable state.
"""

import asyncio
import logging
import multiprocessing
import os
import select
import signal
import sys
import threading
from collections.abc import Callable
from dataclasses import replace
from multiprocessing.connection import Connection
from typing import Final

from ...domain.errors import ConfigurationError, StoreUnavailable
from ..first_user import FIRST_USER
from ..instance import create_runner
from ..open_stores import prepare_stores
from ..settings import Settings

_LOG: Final = logging.getLogger("keyturn")

_LOOK_SECONDS: Final = 0.1


def rehearse(settings: Settings, *, is_cancelled: Callable[[], bool] = lambda: False) -> bool:
    """Prepare the stores, start an instance and stop it. End that, and return, as soon as ``is_cancelled``.

    Return whether the stores have no user.

    Raises ``ConfigurationError`` and ``StoreUnavailable`` if a worker could not start.
    """
    forking = multiprocessing.get_context("fork")
    here, there = forking.Pipe(duplex=False)
    process = forking.Process(target=_report, args=(settings, here, there), daemon=True)
    process.start()
    there.close()
    with here:
        while not here.poll(_LOOK_SECONDS):
            if is_cancelled():
                process.kill()
        try:
            result: Exception | bool = here.recv()
        except EOFError:
            result = False if is_cancelled() else ConfigurationError("The service cannot start; the log says why.")
    process.join()
    if isinstance(result, Exception):
        raise result
    return result


def _report(
    settings: Settings, theirs: "Connection[Exception | bool, None]", parent: "Connection[Exception | bool, None]"
) -> None:
    """Run the trial start; send its error to the parent, or whether a user is missing.

    ``theirs`` is the parent's end of the pipe.
    """
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    theirs.close()
    threading.Thread(target=_end_with, args=(parent.fileno(),), daemon=True).start()
    try:
        user_is_missing = asyncio.run(_start_and_stop(settings))
    except (ConfigurationError, StoreUnavailable) as error:
        parent.send(error)
    except Exception:  # noqa: BLE001  # the log has the cause, and the parent continues
        _LOG.exception("bug")
        sys.exit(1)
    else:
        parent.send(user_is_missing)


def _end_with(pipe: int) -> None:
    """End this process when its parent has ended. Nobody reads the pipe then, which ``poll`` reports as an error."""
    parent = select.poll()
    parent.register(pipe, 0)
    parent.poll()
    os._exit(1)


async def _start_and_stop(settings: Settings) -> bool:
    """Start and stop an instance without metrics, because its counts would be added to those of the workers.

    Return whether the stores have no user.
    """
    settings = replace(settings, metrics_port=None)
    await prepare_stores(settings)
    runner = create_runner(settings)
    try:
        await runner.setup()
        return runner.app[FIRST_USER].is_missing
    finally:
        await runner.cleanup()
