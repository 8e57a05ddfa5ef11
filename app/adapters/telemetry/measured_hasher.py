"""A password hasher that is timed and counted."""

from collections.abc import Awaitable
from time import perf_counter
from typing import TypeVar

from ...domain.login.errors import HashingOverloaded
from ...ports.password_hasher import PasswordHasher
from ...ports.telemetry import Telemetry

_T = TypeVar("_T")


class MeasuredPasswordHasher(PasswordHasher):
    """Times and counts the calls of ``hasher``, which hashes ``threads`` passwords at the same time."""

    def __init__(self, hasher: PasswordHasher, *, threads: int, telemetry: Telemetry) -> None:
        self._hasher = hasher
        self._threads = threads
        self._telemetry = telemetry
        self._running_or_waiting = 0

    async def hash(self, password: str) -> str:
        return await self._measured(self._hasher.hash(password))

    async def verify(self, forms: tuple[str, ...], hashed: str, *, known_user: bool = False) -> str | None:
        return await self._measured(self._hasher.verify(forms, hashed, known_user=known_user))

    async def verify_dummy(self, forms: tuple[str, ...]) -> None:
        await self._measured(self._hasher.verify_dummy(forms))

    def find_fault(self, hashed: str) -> str | None:
        return self._hasher.find_fault(hashed)

    def is_outdated(self, hashed: str) -> bool:
        return self._hasher.is_outdated(hashed)

    async def _measured(self, work: Awaitable[_T]) -> _T:
        started = perf_counter()
        self._count(1)
        try:
            result = await work
        except HashingOverloaded:
            self._telemetry.hashing_refused()
            raise
        finally:
            self._count(-1)
        self._telemetry.password_hashed(seconds=perf_counter() - started)
        return result

    def _count(self, change: int) -> None:
        self._running_or_waiting += change
        under_way = min(self._running_or_waiting, self._threads)
        self._telemetry.hashing_load(under_way=under_way, waiting=self._running_or_waiting - under_way)
