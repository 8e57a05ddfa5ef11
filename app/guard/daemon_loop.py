"""An event loop whose helper threads never keep a process from ending."""

import asyncio
from collections.abc import Callable
from contextlib import suppress
from threading import Thread
from typing import Any


class DaemonLoop(asyncio.SelectorEventLoop):
    """Runs blocking calls, such as the look-up of a host name, on daemon threads.

    The threads of the usual executor are joined when the interpreter ends, and a look-up can take half a minute.
    """

    def run_in_executor(self, _: Any, func: Callable[..., Any], *args: Any) -> asyncio.Future[Any]:  # type: ignore[override]  # the base has a variadic type
        """Return the future result of ``func``, which runs on a thread of its own."""
        future = self.create_future()
        Thread(target=self._call, args=(future, func, args), name="keyturn-guard-call", daemon=True).start()
        return future

    def _call(self, future: asyncio.Future[Any], func: Callable[..., Any], args: tuple[Any, ...]) -> None:
        settle: Callable[[Any], None]
        try:
            settle, outcome = future.set_result, func(*args)
        except Exception as error:  # noqa: BLE001  # whatever was raised belongs to the one who awaits the future
            settle, outcome = future.set_exception, error
        with suppress(RuntimeError):  # the loop has closed meanwhile
            self.call_soon_threadsafe(_settle, future, settle, outcome)


def _settle(future: asyncio.Future[Any], settle: Callable[[Any], None], outcome: object) -> None:
    if not future.done():  # it may have been cancelled
        settle(outcome)
