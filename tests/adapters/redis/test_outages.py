"""A server that is away: what is said, for how long one waits, and that it recovers."""

import asyncio
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pytest

from app.adapters.redis.store import RedisStore
from app.contracts.rate_limit_repository import NOW, THREE, key
from app.contracts.sessions import advance, new_session, rotated
from app.domain.errors import ConfigurationError, StoreUnavailable
from app.domain.sessions.session import RevocationReason
from app.ports.session_store import StoreOptions
from tests.servers.ports import free_port
from tests.servers.valkey import DURABLE, Valkey, running_valkey

IMPATIENT: Final = StoreOptions(timeout=0.5, connections=3)
SLACK_SECONDS: Final = 5.0
"""A machine can be busy: a wait that has no bound would be longer."""


@pytest.fixture
def fragile(tmp_path: Path) -> Iterator[Valkey]:
    """Return a server of the test's own, which writes each change to disk."""
    with running_valkey(tmp_path, *DURABLE) as server:
        yield server


async def opened(url: str) -> RedisStore:
    """Return an open store that has one session."""
    store = RedisStore(url, IMPATIENT)
    await store.prepare()
    await store.open()
    await store.sessions.add(new_session())
    return store


async def refused(store: RedisStore) -> None:
    """See every kind of act refused, none of them late."""
    session = new_session()
    for act in (
        store.sessions.find(session.session_id),
        advance(store.sessions, session),
        store.sessions.revoke(session.session_id, reason=RevocationReason.LOGOUT, now=session.created_at),
        store.sessions.list_live_sessions(session.subject, now=session.created_at),
        store.sessions.list_revocations(0.0),
        store.check(),
    ):
        begun = time.monotonic()
        with pytest.raises(StoreUnavailable):
            await act
        assert time.monotonic() - begun < IMPATIENT.timeout + SLACK_SECONDS


async def recovers(store: RedisStore) -> None:
    """See the session go on, once the server does."""
    async with asyncio.timeout(4 * SLACK_SECONDS):
        while True:
            try:
                stored = await store.sessions.find(new_session().session_id)
                break
            except StoreUnavailable:
                await asyncio.sleep(0.05)
    assert stored is not None
    assert await advance(store.sessions, stored) is True
    assert await store.sessions.find(stored.session_id) == rotated(stored)


async def test_a_server_that_stops(fragile: Valkey) -> None:
    """A server that answers nothing any more costs each request its time and no more, and is used again when it goes
    on, by the same store. What it was sent meanwhile it may do then: nobody was told that it did not.
    """
    store = await opened(fragile.url)
    with fragile.stopped():
        begun = time.monotonic()
        finds = [store.sessions.find(new_session().session_id) for _ in range(10 * IMPATIENT.connections)]
        results = await asyncio.gather(*finds, return_exceptions=True)
        assert all(isinstance(result, StoreUnavailable) for result in results)
        assert time.monotonic() - begun < IMPATIENT.timeout + SLACK_SECONDS
        await store.await_revocation(seconds=0.1)
    await recovers(store)
    await store.close()


async def test_a_server_that_dies(fragile: Valkey) -> None:
    """Without the server each act fails; after its restart all is there, and the store connects again by itself."""
    store = await opened(fragile.url)
    fragile.kill()
    await refused(store)
    fragile.start()
    await recovers(store)
    await store.close()


async def test_news_come_again_after_a_restart(fragile: Valkey) -> None:
    """The subscription is made anew: a revocation on another connection is told without waiting for the next poll."""
    store, other = await opened(fragile.url), RedisStore(fragile.url, IMPATIENT)
    fragile.restart()
    await recovers(store)
    async with asyncio.timeout(4 * SLACK_SECONDS):
        while fragile.execute("PUBSUB", "NUMSUB", "keyturn:revocations")[1] == 0:  # noqa: ASYNC110  # it has no event
            await asyncio.sleep(0.05)
    await store.await_revocation(seconds=1)
    waiting = asyncio.create_task(store.await_revocation(seconds=600))
    await other.sessions.revoke(new_session().session_id, reason=RevocationReason.LOGOUT, now=new_session().created_at)
    async with asyncio.timeout(SLACK_SECONDS):
        await waiting
    await store.close()
    await other.close()


@pytest.mark.parametrize("act", ["prepare", "open"])
@pytest.mark.parametrize("form", ["redis", "redis+cluster"])
async def test_nothing_listens(act: str, form: str) -> None:
    """What cannot be reached is named, and the password is not."""
    store = RedisStore(f"{form}://keyturn:secret-word@127.0.0.1:{free_port()}", IMPATIENT)
    with pytest.raises(StoreUnavailable, match=r"Redis at 127\.0\.0\.1 port \d+") as failure:
        await getattr(store, act)()
    assert "secret-word" not in str(failure.value)
    await store.close()


async def test_no_sentinel_listens() -> None:
    """Sentinels that cannot be reached are named."""
    store = RedisStore(f"redis+sentinel://127.0.0.1:{free_port()}/keyturn", IMPATIENT)
    with pytest.raises(StoreUnavailable, match="Redis at"):
        await store.prepare()
    await store.close()


@pytest.mark.parametrize("policy", ["allkeys-lru", "volatile-lru", "volatile-ttl"])
async def test_a_server_that_drops_keys(fragile: Valkey, policy: str) -> None:
    """Where memory that runs out would take sessions, the start is refused, with the mend."""
    fragile.execute("CONFIG", "SET", "maxmemory-policy", policy)
    store = RedisStore(fragile.url, IMPATIENT)
    with pytest.raises(ConfigurationError, match=f"{policy}.*Set maxmemory-policy noeviction"):
        await store.prepare()
    await store.close()


async def test_a_replica(fragile: Valkey) -> None:
    """A server that takes no writes is refused."""
    fragile.execute("REPLICAOF", "127.0.0.1", free_port())
    store = RedisStore(fragile.url, IMPATIENT)
    with pytest.raises(ConfigurationError, match="is a replica"):
        await store.prepare()
    await store.close()


async def test_more_replicas_than_there_are(fragile: Valkey) -> None:
    """What nobody could confirm is not asked for."""
    store = RedisStore(fragile.url, StoreOptions(timeout=0.5, replicas=1))
    with pytest.raises(ConfigurationError, match="has 0 replicas connected"):
        await store.prepare()
    await store.close()


async def test_a_wrong_password(fragile: Valkey) -> None:
    """A password that is refused is said to be, and not shown."""
    fragile.execute("CONFIG", "SET", "requirepass", "the right one")
    store = RedisStore(fragile.url.replace("//", "//:secret-word@"), IMPATIENT)
    for act in (store.prepare, store.open):
        with pytest.raises(ConfigurationError, match="refuses the user or the password") as failure:
            await act()
        assert "secret-word" not in str(failure.value)
    await store.close()


async def test_a_server_that_keeps_nothing(valkey: Valkey, caplog: pytest.LogCaptureFixture) -> None:
    """That what was acknowledged ends with it is said at the start."""
    store = RedisStore(valkey.url, IMPATIENT)
    await store.prepare()
    assert "appendonly yes" in caplog.text
    await store.close()


async def test_too_few_replicas_confirm(fragile: Valkey) -> None:
    """A change that no replica has is not acknowledged, and neither is what a later read finds of it. Budgets wait for
    no replica: an attempt would count that nobody made.
    """
    alone, confirming = await opened(fragile.url), RedisStore(fragile.url, StoreOptions(timeout=0.5, replicas=1))
    session = new_session()
    async with asyncio.timeout(4 * SLACK_SECONDS):
        while await alone.sessions.find(session.session_id) == session:  # a busy machine may not get as far as that
            with pytest.raises(StoreUnavailable):
                await advance(confirming.sessions, session)
    assert await alone.sessions.find(session.session_id) == rotated(session)
    with pytest.raises(StoreUnavailable):
        await confirming.sessions.find(session.session_id)
    await alone.sessions.revoke(session.session_id, reason=RevocationReason.LOGOUT, now=session.created_at)
    with pytest.raises(StoreUnavailable):
        await confirming.sessions.revoke(session.session_id, reason=RevocationReason.LOGOUT, now=session.created_at)
    assert await confirming.rate_limits.take({key(1): THREE}, now=NOW) == {}
    await alone.close()
    await confirming.close()
