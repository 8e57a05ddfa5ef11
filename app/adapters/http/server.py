"""Serving until a signal says to stop."""

import asyncio
import logging
import signal
from collections.abc import Callable
from typing import Final

from aiohttp import web

from ...domain.errors import ConfigurationError
from .runner import BACKLOG, Runner

_LOG: Final = logging.getLogger("keyturn.http")

_STOP_SIGNALS: Final = (signal.SIGTERM, signal.SIGINT)


async def serve(runner: Runner, *, host: str, port: int, announce: Callable[[str], None]) -> None:
    """Serve until SIGTERM or SIGINT, then drain. ``announce`` is told the URL once requests are accepted.

    Raises ``ConfigurationError`` if the application cannot start or the address cannot be listened on.
    """
    stopped = _stop_signal()
    try:
        await runner.setup()
        try:
            await web.TCPSite(runner, host, port, backlog=BACKLOG).start()
        except (OSError, UnicodeError) as error:
            reason = getattr(error, "strerror", None) or "this is no host name"
            raise ConfigurationError(
                f"Cannot listen on {host} port {port}: {reason}. Set KEYTURN_HOST and KEYTURN_PORT to an"
                " address of this machine and a free port."
            ) from error
        announce(_url(runner))
        await stopped.wait()
        _LOG.info("draining")
        await runner.drain()
    finally:
        await runner.cleanup()


def _stop_signal() -> asyncio.Event:
    """Return an event that SIGTERM and SIGINT set; a second signal ends the process at once."""
    loop, stopped = asyncio.get_running_loop(), asyncio.Event()

    def stop() -> None:
        for number in _STOP_SIGNALS:
            loop.remove_signal_handler(number)
            signal.signal(number, signal.SIG_DFL)
        stopped.set()

    for number in _STOP_SIGNALS:
        loop.add_signal_handler(number, stop)
    return stopped


def _url(runner: Runner) -> str:
    host, port = runner.addresses[0][:2]
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"
