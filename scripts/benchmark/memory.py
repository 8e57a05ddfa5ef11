"""What a session takes in memory. Each function runs in a fresh process (``cores.process_on``)."""

import asyncio
import gc
import os
import resource
import time
import tracemalloc
from collections.abc import Callable
from pathlib import Path

from app.adapters.memory.sessions import MemorySessionRepository

from .population import session, token, user


def resident(count: int) -> tuple[float, float]:
    """Return the bytes of resident memory that a session takes: signed in, and rotated in the last replay window."""
    return asyncio.run(_bytes_of_each(count, _resident))


def allocated(count: int) -> tuple[float, float]:
    """Return the same in bytes that Python has allocated."""
    tracemalloc.start()
    return asyncio.run(_bytes_of_each(count, lambda: tracemalloc.get_traced_memory()[0]))


def _resident() -> int:
    return int(Path("/proc/self/statm").read_text("ascii").split()[1]) * resource.getpagesize()


async def _bytes_of_each(count: int, used: Callable[[], int]) -> tuple[float, float]:
    """The users are there before: what they take is not the sessions'."""
    users = [user(number) for number in range(count)]
    repository = MemorySessionRepository()
    gc.collect()
    before = used()
    for number, owner in enumerate(users):
        await repository.add(session(token(), owner, number))
    gc.collect()
    signed_in = used() - before
    for owner in users:
        (each,) = await repository.list_live_sessions(owner.subject, now=time.time())
        swapped = await repository.advance(
            each.session_id,
            expected_digest=each.secret_digest,
            new_digest=os.urandom(32),
            salt=os.urandom(32),
            now=time.time(),
            idle_expires_at=None,
        )
        assert swapped  # noqa: S101  # a figure of sessions that did not move on would be wrong
    gc.collect()
    return signed_in / count, (used() - before) / count
