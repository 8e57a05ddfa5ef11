"""Everything expires by itself, at the server's own clock."""

import asyncio
from collections.abc import Callable
from dataclasses import replace

import pytest

from app.contracts.sessions import IDLE_LIFETIME, LATER, LIFETIME, NOW, advance, new_session, rotated
from app.domain.identifiers import Subject
from app.domain.sessions.session import RevocationReason
from app.ports.session_store import StoreOptions
from tests.conftest import Proof
from tests.servers.valkey import Valkey

from .test_sessions import Opened

BRIEF = StoreOptions(timeout=20.0, salt_lifetime=0.2, memory_of_revocations=0.3)
PATIENCE_SECONDS = 10.0


async def until(condition: Callable[[], bool]) -> None:
    """Wait until ``condition`` holds."""
    async with asyncio.timeout(PATIENCE_SECONDS):
        while not condition():  # noqa: ASYNC110  # what is waited for has no event
            await asyncio.sleep(0.05)


def keys(valkey: Valkey, kind: str) -> list[str]:
    """Return the keys of a kind."""
    found: list[str] = valkey.execute("KEYS", f"keyturn:*:{kind}*")
    return found


async def test_nothing_is_left_of_a_session_that_ended(valkey: Valkey, opened: Opened) -> None:
    """The session goes with its end, its salt before that, and its place in its subject's list, all without a sweep."""
    valkey.execute("FLUSHALL")
    store = await opened(valkey.url, BRIEF)
    await store.sessions.add(new_session(expires_at=NOW + 1, idle_expires_at=None))
    await advance(store.sessions, new_session(), now=NOW, idle_expires_at=None)
    assert len(keys(valkey, "salt")) == len(keys(valkey, "session:")) == 1
    await until(lambda: not keys(valkey, "salt"))
    assert len(keys(valkey, "session:")) == 1
    await until(lambda: valkey.execute("KEYS", "*") == [])


async def test_nothing_is_left_of_a_revocation(valkey: Valkey, opened: Opened) -> None:
    """The session and the news of its revocation go when no token needs them any more."""
    valkey.execute("FLUSHALL")
    store = await opened(valkey.url, BRIEF)
    await store.sessions.add(new_session())
    await store.sessions.revoke(new_session().session_id, reason=RevocationReason.LOGOUT, now=LATER)
    assert len(keys(valkey, "revoked")) == 1
    await until(lambda: not keys(valkey, "revoked") and not keys(valkey, "session:"))


async def test_a_session_lives_as_long_as_its_end_is_far(valkey: Valkey, opened: Opened) -> None:
    """The time to live follows the earlier expiry, also where a rotation moves it or takes it away."""
    valkey.execute("FLUSHALL")
    store = await opened(valkey.url, replace(BRIEF, memory_of_revocations=5.0))
    session = new_session()
    await store.sessions.add(session)
    [key] = keys(valkey, "session:")
    for step, (idle_expires_at, seconds) in enumerate(
        [(NOW + 50, 50), (NOW + 2 * LIFETIME, LIFETIME), (None, LIFETIME), (NOW + IDLE_LIFETIME, IDLE_LIFETIME)]
    ):
        await advance(store.sessions, session, now=NOW, idle_expires_at=idle_expires_at)
        session = rotated(session, now=NOW, idle_expires_at=idle_expires_at)
        left = valkey.execute("PTTL", key) / 1000
        assert seconds + 5 - PATIENCE_SECONDS < left <= seconds + 5, step


async def test_a_list_forgets_who_came_long_ago(valkey: Valkey, opened: Opened) -> None:
    """A subject who signs in for ever has a list of one lifetime's sign-ins."""
    valkey.execute("FLUSHALL")
    store = await opened(valkey.url, StoreOptions(timeout=20.0))
    for number in range(20):
        created_at = NOW + number * LIFETIME / 4
        await store.sessions.add(new_session(number, created_at=created_at, expires_at=created_at + LIFETIME))
    assert valkey.execute("ZCARD", "keyturn:{subject-1}:sessions") == 5


async def test_a_list_is_repaired(valkey: Valkey, opened: Opened) -> None:
    """What it names and is not there is taken off it when it is read, unless that may be a sign-in under way."""
    valkey.execute("FLUSHALL")
    store = await opened(valkey.url, StoreOptions(timeout=20.0))
    for number, age in ((1, 600), (2, 600), (3, 1)):
        await store.sessions.add(new_session(number, created_at=NOW - age, expires_at=NOW + LIFETIME))
    for key in keys(valkey, "session:"):
        valkey.execute("DEL", key)
    await store.sessions.add(new_session(4))
    assert [each.session_id for each in await store.sessions.list_live_sessions(Subject("subject-1"), now=NOW)] == [
        new_session(4).session_id
    ]
    assert valkey.execute("ZCARD", "keyturn:{subject-1}:sessions") == 2


async def test_a_window_of_nothing_keeps_no_salt(valkey: Valkey, opened: Opened) -> None:
    """Where nobody may replay, the salt is not stored at all."""
    valkey.execute("FLUSHALL")
    store = await opened(valkey.url, StoreOptions(timeout=20.0, salt_lifetime=0))
    await store.sessions.add(new_session())
    assert await advance(store.sessions, new_session())
    assert await store.sessions.find(new_session().session_id) == replace(rotated(new_session()), salt=None)


@pytest.mark.proof("stores")
async def test_rotations_take_no_room(valkey: Valkey, opened: Opened, proof: Proof) -> None:
    """A session takes the same memory however often it rotated."""
    valkey.execute("FLUSHALL")
    store = await opened(valkey.url, StoreOptions(timeout=20.0))
    session = new_session()
    await store.sessions.add(session)
    sizes = []
    for rotations in (1, 999):
        for _ in range(rotations):
            await advance(store.sessions, session, now=NOW + 1)
            session = rotated(session, now=NOW + 1)
        sizes.append(sum(valkey.execute("MEMORY", "USAGE", key) for key in valkey.execute("KEYS", "*")))
    assert sizes[1] - sizes[0] <= 16
    proof.measured("bytes after 1 and 1,000 rotations", sizes)
