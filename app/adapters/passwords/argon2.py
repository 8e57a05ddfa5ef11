"""Password hashing with Argon2id (RFC 9106)."""

import asyncio
import os
import re
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from threading import BoundedSemaphore, get_native_id
from typing import Final, TypeVar

from cryptography.exceptions import InvalidKey
from cryptography.hazmat.primitives.kdf.argon2 import Argon2id

from ...domain.errors import ConfigurationError
from ...domain.login.errors import HashingCancelled, HashingOverloaded
from ...ports.password_hasher import PasswordHasher
from . import bcrypt

_T = TypeVar("_T")

_SALT_BYTES: Final = 16
_HASH_BYTES: Final = 32
_LANES: Final = 1
_COST = re.compile(r"\$argon2id\$v=19\$m=(\d+),t=(\d+),p=(\d+)\$")
_HASH = re.compile(r"\$argon2id\$v=19\$m=(\d{1,7}),t=(\d{1,3}),p=(1)\$[A-Za-z0-9+/]{11,86}\$[A-Za-z0-9+/]{22,86}")
_RESERVED_PLACES: Final = 16
_NICENESS: Final = 10
"""A login flood must not slow down whoever is signed in."""

_MOST_MEMORY: Final = 65_536
_MOST_ITERATIONS: Final = 10
"""Of hashes that were made elsewhere: KiB, and passes over them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Argon2Cost:
    """What one hash costs: ``memory`` KiB, gone over ``iterations`` times. The default is OWASP's advice of 19 MiB.

    There is one lane always: with more, OpenSSL's threads of two hashes can wait for each other for ever.
    """

    memory: int = 19_456
    iterations: int = 2


class Argon2PasswordHasher(PasswordHasher):
    """Hashes on ``threads`` threads of its own, so that at most ``threads`` times the memory of one hash is in use;
    at most ``queue`` passwords wait for them, and a few more of those for whom places are reserved. It verifies bcrypt
    hashes too, and makes none.
    """

    def __init__(self, *, cost: Argon2Cost, threads: int, queue: int) -> None:
        self._cost = cost
        self._executor = ThreadPoolExecutor(threads, thread_name_prefix="argon2", initializer=_be_nice)
        self._places = BoundedSemaphore(threads + queue)
        self._reserved = BoundedSemaphore(_RESERVED_PLACES)
        self._nobody = self._hash_of_nobody()

    async def hash(self, password: str) -> str:
        return await self._run(lambda: self._hash(password.encode()))

    async def verify(self, password: str, hashed: str, *, known_user: bool = False) -> bool:
        return await self._run(lambda: _matches(password.encode(), hashed), known_user=known_user)

    async def verify_dummy(self, password: str) -> None:
        await self.verify(password, self._nobody)

    def can_verify(self, hashed: str) -> bool:
        cost = _HASH.fullmatch(hashed)
        if cost is None:
            return bcrypt.is_hash(hashed)
        memory, iterations, _ = map(int, cost.groups())
        return memory <= max(self._cost.memory, _MOST_MEMORY) and iterations <= _MOST_ITERATIONS

    def is_outdated(self, hashed: str) -> bool:
        cost = _COST.match(hashed)
        return cost is None or tuple(map(int, cost.groups())) != (self._cost.memory, self._cost.iterations, _LANES)

    def close(self) -> None:
        """Let the hashes under way finish, drop those that wait, and end the threads."""
        self._executor.shutdown(cancel_futures=True)

    async def _run(self, work: Callable[[], _T], *, known_user: bool = False) -> _T:
        places = self._take_place(known_user=known_user)
        try:
            future = self._executor.submit(work)
        except BaseException:
            places.release()
            raise
        future.add_done_callback(lambda _: places.release())
        try:
            return await asyncio.wrap_future(future)
        except asyncio.CancelledError as cancelled:
            if future.cancel():
                raise HashingCancelled from cancelled
            raise
        except MemoryError as error:
            raise HashingOverloaded("There is no memory to hash a password; try again.") from error

    def _take_place(self, *, known_user: bool) -> BoundedSemaphore:
        """Return where a place was taken, which is to be given back."""
        for places in (self._places, self._reserved) if known_user else (self._places,):
            if places.acquire(blocking=False):
                return places
        raise HashingOverloaded

    def _hash_of_nobody(self) -> str:
        try:
            return self._hash(os.urandom(_HASH_BYTES))
        except MemoryError as error:
            raise ConfigurationError(
                f"A password hash of {self._cost.memory} KiB does not fit into this machine's memory; lower"
                " KEYTURN_PASSWORD_HASH_MEMORY."
            ) from error

    def _hash(self, password: bytes) -> str:
        argon2id = Argon2id(
            salt=os.urandom(_SALT_BYTES),
            length=_HASH_BYTES,
            iterations=self._cost.iterations,
            lanes=_LANES,
            memory_cost=self._cost.memory,
        )
        return argon2id.derive_phc_encoded(password)


def _be_nice() -> None:
    """Let this thread wait for those that answer requests. Linux alone has a priority for each thread."""
    if sys.platform == "linux":
        with suppress(OSError):
            os.setpriority(os.PRIO_PROCESS, get_native_id(), _NICENESS)


def _matches(password: bytes, hashed: str) -> bool:
    if bcrypt.is_hash(hashed):
        return bcrypt.matches(password, hashed)
    try:
        Argon2id.verify_phc_encoded(password, hashed)
    except (InvalidKey, ValueError):
        return False
    return True
