"""A database that is away: what is said, for how long one waits, and that it recovers."""

import asyncio
import sqlite3
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Final

import pytest

from app.adapters.sql.store import SqlStore
from app.contracts.sessions import advance, new_session, rotated
from app.domain.errors import ConfigurationError, StoreUnavailable
from app.domain.sessions.session import RevocationReason
from app.ports.session_store import StoreOptions
from tests.servers.ports import free_port
from tests.servers.postgres import Postgres, running_postgres

IMPATIENT: Final = StoreOptions(timeout=0.5, connections=3)
SLACK_SECONDS: Final = 5.0
"""A machine can be busy: a wait that has no bound would be longer."""


@pytest.fixture
def fragile() -> Iterator[Postgres]:
    """Return a server of the test's own."""
    with running_postgres(durable=True) as server:
        yield server


async def opened(url: str) -> SqlStore:
    """Return an open store that has one session."""
    store = SqlStore(url, IMPATIENT)
    await store.prepare()
    await store.open()
    await store.sessions.add(new_session())
    return store


async def refused(store: SqlStore) -> None:
    """See every kind of act refused, none of them late."""
    session = new_session()
    for act in (
        store.sessions.find(session.session_id),
        advance(store.sessions, session),
        store.sessions.revoke(session.session_id, reason=RevocationReason.LOGOUT, now=session.created_at),
        store.sessions.list_revocations(0.0),
        store.sweeper.erase_salts(rotated_before=0.0, limit=1),
        store.users.find_by_username("alice"),
        store.check(),
    ):
        begun = time.monotonic()
        with pytest.raises(StoreUnavailable):
            await act
        assert time.monotonic() - begun < IMPATIENT.timeout + SLACK_SECONDS


async def recovers(store: SqlStore) -> None:
    """See the session go on, once what was under way is over."""
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


async def test_a_server_that_stops(fragile: Postgres) -> None:
    """A server that answers nothing any more costs each request its time and no more, and is used again when it goes
    on, by the same store.
    """
    store = await opened(fragile.url())
    with fragile.stopped():
        await refused(store)
    await recovers(store)
    await store.close()


async def test_a_server_that_dies(fragile: Postgres) -> None:
    """Without the server each act fails; after its restart the store connects again by itself."""
    store = await opened(fragile.url())
    fragile.kill()
    await refused(store)
    fragile.start()
    await recovers(store)
    await store.close()


async def test_a_crowd_before_a_stopped_server(fragile: Postgres) -> None:
    """Ten times as many requests as connections are all refused in time, and leave the connections usable."""
    store = await opened(fragile.url())
    with fragile.stopped():
        begun = time.monotonic()
        acts = [store.sessions.find(new_session().session_id) for _ in range(10 * IMPATIENT.connections)]
        results = await asyncio.gather(*acts, return_exceptions=True)
        assert all(isinstance(result, StoreUnavailable) for result in results)
        assert time.monotonic() - begun < IMPATIENT.timeout + SLACK_SECONDS
    await recovers(store)
    await store.close()


async def test_a_file_that_another_process_writes(tmp_path: Path) -> None:
    """While the lock is held changes are refused in time and reads go on; then everything does."""
    store = await opened(f"sqlite:///{tmp_path}/keyturn.db")
    with closing(sqlite3.connect(tmp_path / "keyturn.db", isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        begun = time.monotonic()
        with pytest.raises(StoreUnavailable):
            await advance(store.sessions, new_session())
        assert time.monotonic() - begun < IMPATIENT.timeout + SLACK_SECONDS
        assert await store.sessions.find(new_session().session_id) == new_session()
        await store.check()
    await recovers(store)
    await store.close()


async def test_a_caller_that_goes_away_costs_no_connection(url: str) -> None:
    """However many requests are cancelled, the next one finds the store as it was."""
    store = await opened(url)
    for _ in range(10 * IMPATIENT.connections):
        task = asyncio.create_task(store.sessions.find(new_session().session_id))
        await asyncio.sleep(0)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
    await recovers(store)
    await store.close()


@pytest.mark.parametrize("act", ["prepare", "open"])
async def test_nothing_listens(act: str) -> None:
    """What cannot be reached is named, and the password is not."""
    store = SqlStore(f"postgresql://keyturn:secret-word@127.0.0.1:{free_port()}/keyturn", IMPATIENT)
    with pytest.raises(StoreUnavailable, match=r"PostgreSQL at 127\.0\.0\.1 port \d+ cannot be reached") as failure:
        await getattr(store, act)()
    assert "secret-word" not in str(failure.value)
    await store.close()


async def test_no_such_database(postgres: Postgres) -> None:
    """What the operator has to mend is said."""
    store = SqlStore(postgres.url("nowhere"), IMPATIENT)
    with pytest.raises(ConfigurationError, match="has no such database; create it"):
        await store.prepare()
    await store.close()


@pytest.mark.parametrize(
    "url",
    [
        "sqlite://",
        "sqlite:///",
        "sqlite:///:memory:",
        "sqlite://host/file.db",
        "sqlite:///file.db?mode=ro",
        "sqlite:////no/such/folder/keyturn.db",
    ],
)
def test_a_url_of_no_file(url: str) -> None:
    """A SQLite URL names a file in a folder that is there, and nothing else."""
    with pytest.raises(ConfigurationError, match="KEYTURN_DATABASE_URL"):
        SqlStore(url, IMPATIENT)


async def test_a_file_that_is_no_database(tmp_path: Path) -> None:
    """A file of something else is left alone, and named."""
    file = tmp_path / "keyturn.db"
    file.write_text("these are notes, and no database, and they are longer than its header: " * 20)
    before = file.read_bytes()
    store = SqlStore(f"sqlite:///{file}", IMPATIENT)
    with pytest.raises(ConfigurationError, match=r"keyturn\.db cannot be used"):
        await store.prepare()
    assert file.read_bytes() == before
    await store.close()


def test_replicas_are_the_databases_own_business() -> None:
    """What cannot be asked for is refused."""
    with pytest.raises(ConfigurationError, match="synchronous_standby_names"):
        SqlStore("postgresql://localhost/keyturn", StoreOptions(replicas=1))
