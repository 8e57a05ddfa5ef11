"""Everything expires by itself, by the clock of the server."""

import asyncio
from collections.abc import Callable
from dataclasses import replace

import pytest

from app.contracts.sessions import (
    IDLE_LIFETIME,
    LATER,
    LIFETIME,
    NOW,
    SUBJECT,
    advance,
    live_sessions,
    new_session,
    rotated,
)
from app.domain.sessions.replaced import MAX_REPLACED, NOTHING_REPLACED
from app.domain.sessions.session import RevocationReason
from app.ports.session_store import StoreOptions
from tests.conftest import Proof
from tests.servers.valkey import Valkey

from .conftest import OpenStore

BRIEF = StoreOptions(timeout=20.0, replaced_lifetime=0.2, memory_of_revocations=0.3)
PATIENCE_SECONDS = 10.0

LIST_KEY = f"keyturn:{{{SUBJECT}}}:sessions"


async def until(condition: Callable[[], bool]) -> None:
    """Wait until ``condition`` is true."""
    async with asyncio.timeout(PATIENCE_SECONDS):
        while not condition():  # noqa: ASYNC110  # there is no event for it
            await asyncio.sleep(0.05)


def redis_keys(valkey: Valkey, kind: str) -> list[str]:
    """Return the Redis keys of a kind."""
    found: list[str] = valkey.execute("KEYS", f"keyturn:*:{kind}*")
    return found


async def test_nothing_is_left_of_a_session_that_ended(valkey: Valkey, open_store: OpenStore) -> None:
    """The server deletes the replaced secrets first, then the session and its place in the subject's list, without a
    sweep.
    """
    valkey.execute("FLUSHALL")
    store = await open_store(valkey.url, BRIEF)
    session = new_session(expires_at=NOW + 1, idle_expires_at=None)
    await store.sessions.add(session)
    assert await advance(store.sessions, session, now=NOW, idle_expires_at=None)
    assert all(len(redis_keys(valkey, kind)) == 1 for kind in ("salt", "replaced", "session:"))
    await until(lambda: not redis_keys(valkey, "salt") and not redis_keys(valkey, "replaced"))
    assert len(redis_keys(valkey, "session:")) == 1
    assert await store.sessions.find(session.session_id) == replace(
        rotated(session, now=NOW, idle_expires_at=None), replaced=NOTHING_REPLACED
    )
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


async def test_each_rotation_renews_the_expiry_of_what_was_replaced(valkey: Valkey, open_store: OpenStore) -> None:
    """What was replaced stays for the whole lifetime after the last rotation, also if it replaced fewer secrets."""
    valkey.execute("FLUSHALL")
    store = await open_store(valkey.url, StoreOptions(timeout=20.0, replaced_lifetime=100.0))
    session = new_session()
    await store.sessions.add(session)
    for _ in range(2):
        assert await advance(store.sessions, session)
        session = rotated(session)
        for key in redis_keys(valkey, "replaced") + redis_keys(valkey, "salt"):
            assert 100 - PATIENCE_SECONDS < valkey.execute("PTTL", key) / 1000 <= 100
            valkey.execute("PEXPIRE", key, 1_000)


async def test_a_shorter_lifetime_leaves_longer_sessions_in_the_list(valkey: Valkey, open_store: OpenStore) -> None:
    """After the lifetime of sessions was lowered, the sessions of before can still be listed and ended."""
    valkey.execute("FLUSHALL")
    store = await open_store(valkey.url, StoreOptions(timeout=20.0))
    later = NOW + LIFETIME / 2
    long = new_session(1, idle_expires_at=None)
    short = new_session(2, created_at=later, expires_at=later + LIFETIME / 10, idle_expires_at=None)
    for session in (long, short):
        await store.sessions.add(session)
    assert await live_sessions(store.sessions, now=later) == [long, short]
    assert valkey.execute("PTTL", LIST_KEY) / 1000 > LIFETIME


async def test_sign_ins_bound_the_list_of_a_subject(valkey: Valkey, open_store: OpenStore) -> None:
    """The list of a subject who signs in again and again has no more sessions than the limit."""
    valkey.execute("FLUSHALL")
    store = await open_store(valkey.url, StoreOptions(timeout=20.0))
    for number in range(20):
        created_at = NOW + number * LIFETIME / 4
        session = new_session(
            number, created_at=created_at, rotated_at=created_at, expires_at=created_at + LIFETIME, idle_expires_at=None
        )
        await store.sessions.add(session)
        await store.sessions.revoke_excess(
            SUBJECT,
            limit=3,
            keep=session.session_id,
            reason=RevocationReason.TOO_MANY_SESSIONS,
            now=created_at,
        )
        assert valkey.execute("ZCARD", LIST_KEY) <= 3


async def test_a_subjects_list_drops_missing_sessions(valkey: Valkey, open_store: OpenStore) -> None:
    """Reading a subject's list removes sessions that no longer exist, unless their sign-in may be in progress."""
    valkey.execute("FLUSHALL")
    store = await open_store(valkey.url, StoreOptions(timeout=20.0))
    for number, age in ((1, 600), (2, 600), (3, 1)):
        await store.sessions.add(new_session(number, created_at=NOW - age, expires_at=NOW + LIFETIME))
    for key in redis_keys(valkey, "session:"):
        valkey.execute("DEL", key)
    await store.sessions.add(new_session(4))
    assert await live_sessions(store.sessions, now=NOW) == [new_session(4)]
    assert valkey.execute("ZCARD", LIST_KEY) == 2


async def test_nothing_replaced_is_kept_without_a_replay_window(valkey: Valkey, open_store: OpenStore) -> None:
    """With a lifetime of 0 nothing that was replaced is stored, and the first rotation deletes what was there."""
    valkey.execute("FLUSHALL")
    keeping = await open_store(valkey.url, StoreOptions(timeout=20.0))
    store = await open_store(valkey.url, StoreOptions(timeout=20.0, replaced_lifetime=0))
    session = new_session()
    await keeping.sessions.add(session)
    for sessions in (keeping.sessions, store.sessions, store.sessions):
        assert await advance(sessions, session)
        session = rotated(session)
    assert redis_keys(valkey, "salt") == redis_keys(valkey, "replaced") == []
    assert await store.sessions.find(session.session_id) == replace(session, replaced=NOTHING_REPLACED)


@pytest.mark.proof("stores")
async def test_rotations_do_not_grow_the_session(valkey: Valkey, open_store: OpenStore, proof: Proof) -> None:
    """A session takes the same memory after 32 rotations and after 1,000."""
    valkey.execute("FLUSHALL")
    store = await open_store(valkey.url, StoreOptions(timeout=20.0))
    session = new_session()
    await store.sessions.add(session)
    sizes = []
    for rotations in (MAX_REPLACED, 1_000 - MAX_REPLACED):
        for _ in range(rotations):
            await advance(store.sessions, session, now=NOW + 1)
            session = rotated(session, now=NOW + 1)
        sizes.append(sum(valkey.execute("MEMORY", "USAGE", key) for key in valkey.execute("KEYS", "*")))
    assert sizes[1] - sizes[0] <= 16
    proof.measured("bytes after 32 and 1,000 rotations", sizes)
