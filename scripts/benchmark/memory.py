"""The memory of a session. Each function runs in a new process (``cores.process_on``)."""

import asyncio
import gc
import os
import resource
import time
import tracemalloc
from collections.abc import Callable
from pathlib import Path

from app.adapters.memory.sessions import MemorySessionRepository
from app.domain.sessions.session import SessionPolicy

from .population import session, token, user


def resident(count: int) -> tuple[float, float]:
    """Return the resident bytes of a session: after sign-in, and after a rotation within the replay window."""
    return asyncio.run(_bytes_per_session(count, _resident))


def allocated(count: int) -> tuple[float, float]:
    """Return the same for the memory that Python has allocated."""
    tracemalloc.start()
    return asyncio.run(_bytes_per_session(count, lambda: tracemalloc.get_traced_memory()[0]))


def _resident() -> int:
    return int(Path("/proc/self/statm").read_text("ascii").split()[1]) * resource.getpagesize()


async def _bytes_per_session(count: int, memory_used: Callable[[], int]) -> tuple[float, float]:
    """Return the memory per session. The users are created before, so their memory does not count."""
    users = [user(number) for number in range(count)]
    repository = MemorySessionRepository()
    gc.collect()
    before = memory_used()
    for number, owner in enumerate(users):
        await repository.add(session(token(), owner, number))
    gc.collect()
    signed_in = memory_used() - before
    for owner in users:
        now = time.time()
        (each,) = await repository.list_live_sessions(owner.subject, now=now, limit=1)
        swapped = await repository.advance(
            each.session_id,
            expected_digest=each.secret_digest,
            new_digest=os.urandom(32),
            replaced=SessionPolicy().replaced_after(each, salt=os.urandom(32), now=now),
            now=now,
            idle_expires_at=None,
        )
        assert swapped  # noqa: S101  # otherwise the second figure would be wrong
    gc.collect()
    return signed_in / count, (memory_used() - before) / count
