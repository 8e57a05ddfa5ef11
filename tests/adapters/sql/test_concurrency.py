"""Statements that run at the same time in PostgreSQL, at each isolation level."""

import asyncio
from typing import Any

import pytest

from app.adapters.sql import postgres_connections, stored_cut_off
from app.adapters.sql.database_url import DatabaseUrl
from app.adapters.sql.postgres_connections import connect
from app.contracts.sessions import LATER, NOW, add_all, advance, end_all, limit_to, new_session, rotated
from app.domain.errors import StoreUnavailable
from app.ports.session_store import StoreOptions
from tests.servers.postgres import Postgres

from .conftest import Stores


@pytest.fixture
def kind() -> str:
    """Return the database that has several writers at once."""
    return "postgresql"


async def test_a_cut_off_waits_for_changes_that_do_not_see_it(stores: Stores, url: str, postgres: Postgres) -> None:
    """A rotation that began before the cut-off has ended when ``set_cut_off`` returns."""
    changing, cutting, other = await stores(3)
    await changing.sessions.add(new_session())
    connection = await connect(DatabaseUrl(url), StoreOptions(timeout=20.0))
    async with connection.transaction():
        await connection.execute("SELECT * FROM sessions FOR UPDATE")
        rotation = asyncio.create_task(advance(changing.sessions, new_session()))
        await blocked(postgres, url, 1)
        cut = asyncio.create_task(cutting.sessions.set_cut_off(int(NOW)))
        done, _ = await asyncio.wait({cut}, timeout=0.2)
        assert not done, "set_cut_off did not wait"
        assert await other.sessions.find_cut_off() == int(NOW)
    await connection.close()
    assert await rotation
    await cut
    assert not await advance(changing.sessions, rotated(new_session()), now=LATER + 1)


async def test_a_change_that_does_not_end_is_named(stores: Stores, url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A transaction that somebody left open makes ``set_cut_off`` fail and say what to do. The cut-off is stored."""
    monkeypatch.setattr(stored_cut_off, "_MAX_CHECKS", 2)
    [cutting] = await stores()
    connection = await connect(DatabaseUrl(url), StoreOptions(timeout=20.0))
    transaction = connection.transaction()
    await transaction.start()
    await connection.execute("DELETE FROM sessions")
    with pytest.raises(StoreUnavailable, match="pg_stat_activity"):
        await cutting.sessions.set_cut_off(int(NOW))
    await transaction.rollback()
    await connection.close()
    assert await cutting.sessions.find_cut_off() == int(NOW)
    await cutting.sessions.set_cut_off(int(NOW))


async def blocked(postgres: Postgres, url: str, count: int) -> None:
    """Return when ``count`` statements wait for a lock in the database."""
    question = "SELECT count(*) FROM pg_locks WHERE NOT granted"
    while int(await asyncio.to_thread(postgres.execute, question, url.rpartition("/")[2])) < count:  # noqa: ASYNC110  # no event tells
        await asyncio.sleep(0.01)


@pytest.mark.parametrize("level", ["repeatable read", "serializable"])
async def test_stricter_isolation_levels(stores: Stores, level: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """At a stricter isolation level one of many rotations succeeds and the others have lost, and acts on all sessions
    of a user are repeated until they succeed.
    """

    async def connect_strictly(url: DatabaseUrl, options: StoreOptions) -> Any:
        connection = await connect(url, options)
        await connection.execute(f"SET default_transaction_isolation = '{level}'")
        return connection

    monkeypatch.setattr(postgres_connections, "connect", connect_strictly)
    racers = await stores(4)
    session = new_session()
    await racers[0].sessions.add(session)
    made = await asyncio.gather(*(advance(store.sessions, session) for store in (*racers, *racers)))
    assert sum(made) == 1
    await add_all(racers[0].sessions, [new_session(number) for number in range(2, 9)])
    ended = await asyncio.gather(
        *(end_all(store.sessions) for store in racers), *(limit_to(store.sessions, 3) for store in racers)
    )
    assert sorted(each.session_id[-1] for some in ended for each in some) == [*range(1, 9)]
    assert not await advance(racers[0].sessions, rotated(session), now=LATER + 1)
