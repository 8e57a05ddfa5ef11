"""Everything expires by itself, by the clock of the server."""

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

from .conftest import OpenStore

BRIEF = StoreOptions(timeout=20.0, salt_lifetime=0.2, memory_of_revocations=0.3)
PATIENCE_SECONDS = 10.0


async def until(condition: Callable[[], bool]) -> None:
    """Wait until ``condition`` is true."""
    async with asyncio.timeout(PATIENCE_SECONDS):
        while not condition():  # noqa: ASYNC110  # there is no event for it
            await asyncio.sleep(0.05)


def redis_keys(valkey: Valkey, kind: str) -> list[str]:
    """Return the Redis redis_keys of a kind."""
    found: list[str] = valkey.execute("KEYS", f"keyturn:*:{kind}*")
    return found


async def test_nothing_is_left_of_a_session_that_ended(valkey: Valkey, open_store: OpenStore) -> None:
    """The server deletes the salt first, then the session and its place in the subject's list, without a sweep."""
    valkey.execute("FLUSHALL")
    store = await open_store(valkey.url, BRIEF)
    await store.sessions.add(new_session(expires_at=NOW + 1, idle_expires_at=None))
    await advance(store.sessions, new_session(), now=NOW, idle_expires_at=None)
    assert len(redis_keys(valkey, "salt")) == len(redis_keys(valkey, "session:")) == 1
    await until(lambda: not redis_keys(valkey, "salt"))
    assert len(redis_keys(valkey, "session:")) == 1
    await until(lambda: valkey.execute("KEYS", "*") == [])


async def test_nothing_is_left_of_a_revocation(valkey: Valkey, open_store: OpenStore) -> None:
    """The server deletes a revoked session and its revocation when no token needs them any more."""
    valkey.execute("FLUSHALL")
    store = await open_store(valkey.url, BRIEF)
    await store.sessions.add(new_session())
    await store.sessions.revoke(new_session().session_id, reason=RevocationReason.LOGOUT, now=LATER)
    assert len(redis_keys(valkey, "revoked")) == 1
    await until(lambda: not redis_keys(valkey, "revoked") and not redis_keys(valkey, "session:"))


async def test_a_session_is_kept_until_its_earlier_expiry(valkey: Valkey, open_store: OpenStore) -> None:
    """The time to live follows the earlier expiry, also when a rotation changes or removes the idle expiry."""
    valkey.execute("FLUSHALL")
    store = await open_store(valkey.url, replace(BRIEF, memory_of_revocations=5.0))
    session = new_session()
    await store.sessions.add(session)
    [key] = redis_keys(valkey, "session:")
    for step, (idle_expires_at, seconds) in enumerate(
        [(NOW + 50, 50), (NOW + 2 * LIFETIME, LIFETIME), (None, LIFETIME), (NOW + IDLE_LIFETIME, IDLE_LIFETIME)]
    ):
        await advance(store.sessions, session, now=NOW, idle_expires_at=idle_expires_at)
        session = rotated(session, now=NOW, idle_expires_at=idle_expires_at)
        left = valkey.execute("PTTL", key) / 1000
        assert seconds + 5 - PATIENCE_SECONDS < left <= seconds + 5, step


async def test_a_subjects_list_is_bounded(valkey: Valkey, open_store: OpenStore) -> None:
    """The list of a subject who signs in again and again has the sign-ins of one lifetime."""
    valkey.execute("FLUSHALL")
    store = await open_store(valkey.url, StoreOptions(timeout=20.0))
    for number in range(20):
        created_at = NOW + number * LIFETIME / 4
        await store.sessions.add(new_session(number, created_at=created_at, expires_at=created_at + LIFETIME))
    assert valkey.execute("ZCARD", "keyturn:{subject-1}:sessions") == 5


async def test_a_subjects_list_drops_missing_sessions(valkey: Valkey, open_store: OpenStore) -> None:
    """Reading a subject's list removes sessions that no longer exist, unless their sign-in may be in progress."""
    valkey.execute("FLUSHALL")
    store = await open_store(valkey.url, StoreOptions(timeout=20.0))
    for number, age in ((1, 600), (2, 600), (3, 1)):
        await store.sessions.add(new_session(number, created_at=NOW - age, expires_at=NOW + LIFETIME))
    for key in redis_keys(valkey, "session:"):
        valkey.execute("DEL", key)
    await store.sessions.add(new_session(4))
    assert [each.session_id for each in await store.sessions.list_live_sessions(Subject("subject-1"), now=NOW)] == [
        new_session(4).session_id
    ]
    assert valkey.execute("ZCARD", "keyturn:{subject-1}:sessions") == 2


async def test_no_salt_is_kept_without_a_replay_window(valkey: Valkey, open_store: OpenStore) -> None:
    """With a salt lifetime of 0 the salt is not stored."""
    valkey.execute("FLUSHALL")
    store = await open_store(valkey.url, StoreOptions(timeout=20.0, salt_lifetime=0))
    await store.sessions.add(new_session())
    assert await advance(store.sessions, new_session())
    assert await store.sessions.find(new_session().session_id) == replace(rotated(new_session()), salt=None)


@pytest.mark.proof("stores")
async def test_rotations_do_not_grow_the_session(valkey: Valkey, open_store: OpenStore, proof: Proof) -> None:
    """A session takes the same memory after one rotation and after 1,000."""
    valkey.execute("FLUSHALL")
    store = await open_store(valkey.url, StoreOptions(timeout=20.0))
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
