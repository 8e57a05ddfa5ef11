"""The memory of a session. Each function runs in a new process (``cores.process_on``)."""

import asyncio
import gc
import os
import resource
import time
import tracemalloc
from collections.abc import Callable
from pathlib import Path
from typing import Final

from app.adapters.memory.sessions import MemorySessionRepository
from app.domain.identifiers import SessionId
from app.domain.login.user import User
from app.domain.sessions.replaced import MAX_REPLACED
from app.domain.sessions.session import SessionPolicy

from .population import session, token, user

Sizes = tuple[float, float, float]
"""The bytes of a session: after sign-in, after a rotation, and with as many replaced secrets as are kept."""

_SHARE_WITH_ALL_KEPT: Final = 20
"""One session in so many gets all the replaced secrets, which takes 31 more rotations."""


def resident(count: int) -> Sizes:
    """Return the resident bytes of a session."""
    return asyncio.run(_bytes_per_session(count, _resident))


def allocated(count: int) -> Sizes:
    """Return the same for the memory that Python has allocated."""
    tracemalloc.start()
    return asyncio.run(_bytes_per_session(count, lambda: tracemalloc.get_traced_memory()[0]))


def _resident() -> int:
    return int(Path("/proc/self/statm").read_text("ascii").split()[1]) * resource.getpagesize()


async def _bytes_per_session(count: int, memory_used: Callable[[], int]) -> Sizes:
    """Return the memory per session. The users are created before, with the texts of their scopes, so that their memory
    does not count.
    """
    users = [_signed_in_user(number) for number in range(count)]
    ids = [SessionId(b"")] * count
    repository = MemorySessionRepository()
    at_first = _used(memory_used)
    for number, owner in enumerate(users):
        first = token()
        ids[number] = first.session_id
        await repository.add(session(first, owner, number))
    signed_in = _used(memory_used)
    for session_id in ids:
        await _rotate(repository, session_id)
    rotated = _used(memory_used)
    some = ids[::_SHARE_WITH_ALL_KEPT]
    for session_id in some * (MAX_REPLACED - 1):
        await _rotate(repository, session_id)
    just_rotated = (rotated - at_first) / count
    return (signed_in - at_first) / count, just_rotated, just_rotated + (_used(memory_used) - rotated) / len(some)


def _signed_in_user(number: int) -> User:
    """Return a user of whose scope an access token had the text."""
    owner = user(number)
    assert owner.scope.text  # noqa: S101  # the text is made by this, and kept
    return owner


def _used(memory_used: Callable[[], int]) -> int:
    gc.collect()
    return memory_used()


async def _rotate(repository: MemorySessionRepository, session_id: SessionId) -> None:
    found, now = await repository.find(session_id), time.time()
    assert found is not None  # noqa: S101  # it was added
    swapped = await repository.advance(
        session_id,
        expected_digest=found.secret_digest,
        new_digest=os.urandom(32),
        replaced=SessionPolicy().replaced_after(found, salt=os.urandom(32), now=now),
        now=now,
        idle_expires_at=None,
    )
    assert swapped  # noqa: S101  # otherwise the figures would be wrong
