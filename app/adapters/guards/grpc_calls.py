"""What a handler of gRPC can ask about the call that runs."""

from contextlib import suppress
from types import TracebackType
from typing import Any

from grpc.aio import UsageError

from .access import Access
from .grpc_handlers import CALL, Call
from .open_requests import WhileValid


def current_call() -> Call:
    """Return the call that runs. Raises ``RuntimeError`` where no guard protects it, or its method is public."""
    call = CALL.get()
    if call is None:
        raise RuntimeError("a principal is asked for in a call that no guard protects, or that is public")
    return call


def current_access() -> Access:
    """Return the access of the call that runs; raises as ``current_call``."""
    return current_call().access


class StreamWhileValid:
    """The context of ``while_valid`` for a call of gRPC. It sends the initial metadata first.

    gRPC cannot send a status after a cancellation during the first write: it would send the initial metadata again.
    """

    def __init__(self, call: Call) -> None:
        self._context: Any = call.context
        self._while_valid: WhileValid = call.access.while_valid()

    async def __aenter__(self) -> None:
        with suppress(UsageError):  # the handler has sent its own
            await self._context.send_initial_metadata(())
        await self._while_valid.__aenter__()

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        await self._while_valid.__aexit__(kind, error, traceback)
