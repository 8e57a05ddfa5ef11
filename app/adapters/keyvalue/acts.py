"""The time of an act, the errors of the driver, and how often an act begins again."""

import asyncio
import random
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Final

from ...domain.errors import StoreUnavailable
from ..store_faults import LOCKED
from .client import KeyValueClient

_MAX_ATTEMPTS: Final = 100
_FIRST_PAUSE_SECONDS: Final = 0.002
_MAX_DOUBLINGS: Final = 5


class Acts:
    """Gives each act ``timeout`` seconds, and turns what the client raises into ``StoreUnavailable``."""

    def __init__(self, client: KeyValueClient, *, timeout: float) -> None:
        self._failures: tuple[type[Exception], ...] = (TimeoutError, *client.failures)
        self._timeout = timeout

    @asynccontextmanager
    async def in_time(self) -> AsyncIterator[None]:
        """Raise ``StoreUnavailable`` when the time is over, and for every failure of the driver."""
        try:
            async with asyncio.timeout(self._timeout):
                yield
        except self._failures as error:
            raise StoreUnavailable from error


async def attempts() -> AsyncIterator[int]:
    """Yield the number of each attempt, after a pause that grows, and of which each process has another.

    A commit that another one has overtaken changed nothing, so the act reads again. Raise ``StoreUnavailable`` after
    100 attempts: others change the same keys all the time.
    """
    for number in range(_MAX_ATTEMPTS):
        if number:
            pause = _FIRST_PAUSE_SECONDS * 2 ** min(number - 1, _MAX_DOUBLINGS)
            await asyncio.sleep(random.uniform(0, pause))  # noqa: S311  # no secret
        yield number
    raise StoreUnavailable(
        text=f"other changes of the same sessions overtook this one {_MAX_ATTEMPTS} times. Try again.", fault=LOCKED
    )
