"""A server that is unavailable: the errors, the time limits and the recovery."""

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
"""Added to a time limit, because the machine can be busy. A wait without a limit would be longer."""


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Valkey]:
    """Return a server that only this test uses, and that writes each change to disk."""
    with running_valkey(tmp_path, *DURABLE) as server:
        yield server


async def open_prepared(url: str) -> RedisStore:
    """Return an open store with one session."""
    store = RedisStore(url, IMPATIENT)
    await store.prepare()
    await store.open()
    await store.sessions.add(new_session())
    return store


async def assert_unavailable(store: RedisStore) -> None:
    """Check that every kind of call raises ``StoreUnavailable`` in time."""
    session = new_session()
    for call in (
        store.sessions.find(session.session_id),
        advance(store.sessions, session),
        store.sessions.revoke(session.session_id, reason=RevocationReason.LOGOUT, now=session.created_at),
        store.sessions.revoke_subject(
            session.subject, reason=RevocationReason.LOGOUT, now=session.created_at, keep=None
        ),
        store.sessions.revoke_excess(
            session.subject, limit=1, keep=None, reason=RevocationReason.TOO_MANY_SESSIONS, now=session.created_at
        ),
        store.sessions.list_crowded_subjects(more_than=1, after=""),
        store.sessions.set_cut_off(1),
        store.sessions.find_cut_off(),
        store.sessions.list_live_sessions(session.subject, now=session.created_at, limit=10),
        store.sessions.list_revocations(0.0),
        store.check(),
    ):
        started = time.monotonic()
        with pytest.raises(StoreUnavailable):
            await call
        assert time.monotonic() - started < IMPATIENT.timeout + SLACK_SECONDS


async def assert_recovers(store: RedisStore) -> None:
    """Check that the session can rotate once the server answers again."""
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


async def test_a_server_that_stops(server: Valkey) -> None:
    """A stopped server costs each call its time limit and no more. The same store uses it again when it continues. The
    server may then run what it received before; each such call raised ``StoreUnavailable``.
    """
    store = await open_prepared(server.url)
    with server.stopped():
        started = time.monotonic()
        finds = [store.sessions.find(new_session().session_id) for _ in range(10 * IMPATIENT.connections)]
        results = await asyncio.gather(*finds, return_exceptions=True)
        assert all(isinstance(result, StoreUnavailable) for result in results)
        assert time.monotonic() - started < IMPATIENT.timeout + SLACK_SECONDS
        await store.await_revocation(seconds=0.1)
    await assert_recovers(store)
    await store.close()


async def test_a_server_that_dies(server: Valkey) -> None:
    """Calls fail while the server is dead. After its restart all data is there, and the store reconnects by itself."""
    store = await open_prepared(server.url)
    server.kill()
    await assert_unavailable(store)
    server.start()
    await assert_recovers(store)
    await store.close()


async def test_the_store_subscribes_again_after_a_restart(server: Valkey) -> None:
    """A revocation on another connection ends the wait, also after a restart of the server."""
    store, other = await open_prepared(server.url), RedisStore(server.url, IMPATIENT)
    server.restart()
    await assert_recovers(store)
    async with asyncio.timeout(4 * SLACK_SECONDS):
        while server.execute("PUBSUB", "NUMSUB", "keyturn:revocations")[1] == 0:  # noqa: ASYNC110  # there is no event for it
            await asyncio.sleep(0.05)
    await store.await_revocation(seconds=1)
    waiting = asyncio.create_task(store.await_revocation(seconds=600))
    await other.sessions.revoke(new_session().session_id, reason=RevocationReason.LOGOUT, now=new_session().created_at)
    async with asyncio.timeout(SLACK_SECONDS):
        await waiting
    await store.close()
    await other.close()


async def test_an_outage_shows_its_caller(server: Valkey) -> None:
    """Only one place lies below the repository, so the last four places in the log reach the domain."""
    store = await open_prepared(server.url)
    server.kill()
    with pytest.raises(StoreUnavailable) as failure:
        await store.sessions.find(new_session().session_id)
    assert [place.name for place in failure.traceback][1:] == ["find", "run_script"]
    await store.close()


@pytest.mark.parametrize("method", ["prepare", "open"])
@pytest.mark.parametrize("form", ["redis", "redis+cluster"])
async def test_an_unreachable_server_is_named(method: str, form: str) -> None:
    """The error names the server and not the password."""
    store = RedisStore(f"{form}://keyturn:secret-word@127.0.0.1:{free_port()}", IMPATIENT)
    with pytest.raises(StoreUnavailable, match=r"Redis at 127\.0\.0\.1 port \d+") as failure:
        await getattr(store, method)()
    assert "secret-word" not in str(failure.value)
    await store.close()


async def test_unreachable_sentinels_are_named() -> None:
    """The error names the sentinels."""
    store = RedisStore(f"redis+sentinel://127.0.0.1:{free_port()}/keyturn", IMPATIENT)
    with pytest.raises(StoreUnavailable, match="Redis at"):
        await store.prepare()
    await store.close()


@pytest.mark.parametrize("policy", ["allkeys-lru", "volatile-lru", "volatile-ttl"])
async def test_an_evicting_server_is_refused(server: Valkey, policy: str) -> None:
    """A server that evicts keys is refused, because it would lose sessions. The error says what to change."""
    server.execute("CONFIG", "SET", "maxmemory-policy", policy)
    store = RedisStore(server.url, IMPATIENT)
    with pytest.raises(ConfigurationError, match=f"{policy}.*Set maxmemory-policy noeviction"):
        await store.prepare()
    await store.close()


async def test_a_replica_is_refused(server: Valkey) -> None:
    """A server that takes no writes is refused."""
    server.execute("REPLICAOF", "127.0.0.1", free_port())
    store = RedisStore(server.url, IMPATIENT)
    with pytest.raises(ConfigurationError, match="is a replica"):
        await store.prepare()
    await store.close()


async def test_too_few_replicas_are_refused(server: Valkey) -> None:
    """A number of replicas that the server does not have is refused."""
    store = RedisStore(server.url, StoreOptions(timeout=0.5, replicas=1))
    with pytest.raises(ConfigurationError, match="has 0 replicas connected"):
        await store.prepare()
    await store.close()


async def test_a_wrong_password_is_reported(server: Valkey) -> None:
    """The error says that the password is refused, and does not show it."""
    server.execute("CONFIG", "SET", "requirepass", "the right one")
    store = RedisStore(server.url.replace("//", "//:secret-word@"), IMPATIENT)
    for method in (store.prepare, store.open):
        with pytest.raises(ConfigurationError, match="refuses the user or the password") as failure:
            await method()
        assert "secret-word" not in str(failure.value)
    await store.close()


async def test_a_server_without_persistence_is_logged(valkey: Valkey, caplog: pytest.LogCaptureFixture) -> None:
    """The log warns of a server that keeps nothing on disk."""
    store = RedisStore(valkey.url, IMPATIENT)
    await store.prepare()
    assert "appendonly yes" in caplog.text
    await store.close()


async def test_an_unconfirmed_change_is_not_acknowledged(server: Valkey) -> None:
    """A change that no replica has is not acknowledged, and neither is a later read of it. Rate limits wait for no
    replica: otherwise an attempt that nobody made would count.
    """
    alone, confirming = await open_prepared(server.url), RedisStore(server.url, StoreOptions(timeout=0.5, replicas=1))
    session = new_session()
    async with asyncio.timeout(4 * SLACK_SECONDS):
        while await alone.sessions.find(session.session_id) == session:  # a slow machine may fail before the change
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
