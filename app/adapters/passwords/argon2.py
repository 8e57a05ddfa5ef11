"""Password hashing with Argon2id (RFC 9106)."""

import asyncio
import os
import re
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import nullcontext, suppress
from dataclasses import dataclass
from threading import BoundedSemaphore, Lock, get_native_id
from typing import Final, TypeVar

from cryptography.exceptions import InvalidKey
from cryptography.hazmat.primitives.kdf.argon2 import Argon2id

from ...domain.errors import ConfigurationError
from ...domain.login.errors import HashingCancelled, HashingOverloaded
from ...ports.password_hasher import PasswordHasher
from . import argon2_hash, bcrypt

_T = TypeVar("_T")

_SALT_BYTES: Final = 16
_HASH_BYTES: Final = 32
_LANES: Final = 1
_COST = re.compile(r"\$argon2id\$v=19\$m=(\d+),t=(\d+),p=(\d+)\$")
_RESERVED_PLACES: Final = 16
_NICENESS: Final = 10
"""Lowers the priority of the threads, so that a flood of sign-ins does not slow down other requests."""

_SEVERAL_LANES: Final = Lock()
"""Held while a hash of several lanes is verified. OpenSSL runs its lanes on threads, of which the whole process has as
many as the machine has cores. Two such hashes at once can each hold some of them and wait forever for the others.
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Argon2Cost:
    """The cost of one hash: ``memory`` in KiB, and the number of ``iterations`` over it. The default, 19 MiB and 2, is
    the recommendation of OWASP.

    There is always one lane. Imported hashes may have more lanes.
    """

    memory: int = 19_456
    iterations: int = 2


_GREATEST_IMPORTED: Final = Argon2Cost(memory=131_072, iterations=10)
"""The limits of an imported hash: Django's has 102,400 KiB. A greater cost is accepted if it is the cost of the
service's own hashes.
"""

_GREATEST_STORED: Final = Argon2Cost(memory=1_048_576, iterations=100)
"""The limits of a stored hash: the greatest cost that the settings allow. A hash of this cost was made here before the
settings were lowered, and its user can still sign in.
"""


class Argon2PasswordHasher(PasswordHasher):
    """Hashes on ``threads`` threads of its own, so it uses at most ``threads`` times the memory of one hash.

    At most ``queue`` passwords wait for a thread; 16 more places are reserved for known users. It also verifies bcrypt
    hashes, but makes none.
    """

    def __init__(self, *, cost: Argon2Cost, threads: int, queue: int) -> None:
        self._cost = cost
        self._executor = ThreadPoolExecutor(threads, thread_name_prefix="argon2", initializer=_lower_priority)
        self._places = BoundedSemaphore(threads + queue)
        self._reserved = BoundedSemaphore(_RESERVED_PLACES)
        self._dummy_hash = self._make_dummy_hash()

    async def hash(self, password: str) -> str:
        return await self._run(lambda: self._hash(password.encode()))

    async def verify(self, forms: tuple[str, ...], hashed: str, *, known_user: bool = False) -> str | None:
        usable = _find_fault(hashed, _GREATEST_STORED) is None
        verified = hashed if usable else self._dummy_hash
        match = await self._run(lambda: _first_match(forms, verified), known_user=known_user)
        return match if usable else None

    async def verify_dummy(self, forms: tuple[str, ...]) -> None:
        await self.verify(forms, self._dummy_hash)

    def find_fault(self, hashed: str) -> str | None:
        memory = max(self._cost.memory, _GREATEST_IMPORTED.memory)
        iterations = max(self._cost.iterations, _GREATEST_IMPORTED.iterations)
        return _find_fault(hashed, Argon2Cost(memory=memory, iterations=iterations))

    def is_outdated(self, hashed: str) -> bool:
        cost = _COST.match(hashed)
        return cost is None or tuple(map(int, cost.groups())) != (self._cost.memory, self._cost.iterations, _LANES)

    def close(self) -> None:
        """Finish the hashes that are running, cancel those that wait, and stop the threads."""
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
        """Take a place, and return the semaphore to release afterwards; raises ``HashingOverloaded``."""
        for places in (self._places, self._reserved) if known_user else (self._places,):
            if places.acquire(blocking=False):
                return places
        raise HashingOverloaded

    def _make_dummy_hash(self) -> str:
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


def _lower_priority() -> None:
    """Give this thread a lower priority than those that answer requests. Only Linux has a priority for each thread."""
    if sys.platform == "linux":
        with suppress(OSError):
            os.setpriority(os.PRIO_PROCESS, get_native_id(), _NICENESS)


def _find_fault(hashed: str, greatest: Argon2Cost) -> str | None:
    """Return why ``hashed`` cannot be verified, or what it costs too much; ``None`` if it can be verified."""
    if hashed.startswith("$argon2"):
        return argon2_hash.find_fault(hashed, max_memory=greatest.memory, max_iterations=greatest.iterations)
    if hashed.startswith("$2"):
        return bcrypt.find_fault(hashed)
    return "must be an Argon2id hash, which begins with $argon2id$, or a bcrypt hash, which begins with $2b$"


def _first_match(forms: tuple[str, ...], hashed: str) -> str | None:
    """Return the first form that matches. Verify all of them, so that the time does not show which one it is."""
    matching = [form for form in forms if _matches(form.encode(), hashed)]
    return matching[0] if matching else None


def _matches(password: bytes, hashed: str) -> bool:
    if hashed.startswith("$2"):
        return bcrypt.matches(password, hashed)
    try:
        with nullcontext() if argon2_hash.count_lanes(hashed) == _LANES else _SEVERAL_LANES:
            Argon2id.verify_phc_encoded(password, hashed)
    except (InvalidKey, ValueError):
        return False
    return True
