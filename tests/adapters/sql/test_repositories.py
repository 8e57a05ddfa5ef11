"""SQLite and PostgreSQL pass the kit: every contract, in a database that is prepared."""

import sqlite3
from collections.abc import Iterator
from contextlib import AbstractContextManager, closing, contextmanager
from functools import partial

import pytest

from app.adapters.sql.database_url import DatabaseUrl
from app.adapters.sql.store import SqlStore
from app.contracts.audit_record_repository import ALICE, new_record
from app.contracts.rate_limit_repository import NOW, key, take
from app.contracts.session_store import OPTIONS
from app.contracts.sessions import advance, new_session
from app.contracts.store import Blocked, DatabaseContract, Delayed
from app.contracts.time_limits import TimeLimits
from app.ports.session_store import StoreOptions
from tests.servers.postgres import Postgres
from tests.servers.relay import relaying, slower

from .blocking import no_file_grows, read_only
from .conftest import Stores, own_database


@pytest.fixture
def url(shared_url: str) -> str:
    """Return the URL of an empty database."""
    return shared_url


class TestDatabases(DatabaseContract, make=SqlStore):
    """Both databases pass the kit."""

    @pytest.fixture
    def url(self, shared_url: str) -> str:
        return shared_url

    @pytest.fixture
    def blocked(self, url: str, request: pytest.FixtureRequest) -> Blocked:
        if url.startswith("sqlite"):
            return no_file_grows
        return partial(read_only, request.getfixturevalue("postgres"), url)

    @pytest.fixture
    def delayed(self, url: str, request: pytest.FixtureRequest) -> Delayed:
        if url.startswith("sqlite"):
            return partial(another_writer, url)
        server: Postgres = request.getfixturevalue("postgres")
        return lambda _: server.stopped()


@contextmanager
def another_writer(url: str, _: float) -> Iterator[None]:
    """Let another connection write into a SQLite file for as long as the context is open."""
    with closing(sqlite3.connect(DatabaseUrl(url).file, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        yield
        other.execute("ROLLBACK")


class TestSlowPostgres(TimeLimits):
    """PostgreSQL behind a slow network passes the kit."""

    @pytest.fixture
    def kind(self) -> str:
        return "postgresql"

    @pytest.fixture(autouse=True)
    def _relay(self, shared_url: str, postgres: Postgres) -> Iterator[None]:
        with relaying(postgres.port) as self.relay:
            self.url = shared_url.replace(f":{postgres.port}/", f":{self.relay.port}/")
            yield

    def store(self, options: StoreOptions = OPTIONS) -> SqlStore:
        return SqlStore(self.url, options)

    def delayed(self, seconds: float) -> AbstractContextManager[None]:
        return slower(self.relay, seconds)


async def test_full_rate_limits_are_deleted(stores: Stores) -> None:
    """``delete_full`` deletes at most as many full limits as it may."""
    [store] = await stores()
    await store.rate_limits.delete_full(full_before=NOW, limit=99)  # PostgreSQL has rows of its checks there
    for number in range(5):
        await take(store.rate_limits, key(number))
    assert [await store.rate_limits.delete_full(full_before=NOW + 31, limit=3) for _ in range(3)] == [3, 2, 0]


async def test_limits_hold_whatever_the_plan_is(postgres: Postgres, template: str) -> None:
    """PostgreSQL may run a subquery once for each row. A deletion deletes no more rows than it may even then."""
    with own_database(postgres, template=template) as url:
        for join in ("hashjoin", "mergejoin", "hashagg", "sort", "material"):
            postgres.execute(f"ALTER DATABASE {url.rpartition('/')[2]} SET enable_{join} = off")
        store = SqlStore(url, OPTIONS)
        await store.open()
        await store.rate_limits.delete_full(full_before=NOW, limit=99)
        for number in range(5):
            await take(store.rate_limits, key(number))
            await store.sessions.add(new_session(number))
            await advance(store.sessions, new_session(number))
        await store.audit_records.append([new_record(number) for number in range(5)])
        deleted = {
            "delete_full": await store.rate_limits.delete_full(full_before=NOW + 31, limit=3),
            "trim": await store.audit_records.trim(ALICE, "token_refreshed", keep=1, limit=3),
            "delete_before": await store.audit_records.delete_before(2 * NOW, limit=1),
            "erase_replaced": await store.sweeper.erase_replaced(rotated_before=2 * NOW, limit=3),
            "delete_ended": await store.sweeper.delete_ended(expired_before=2 * NOW, revoked_before=0.0, limit=3),
        }
        await store.close()
    assert deleted == {"delete_full": 3, "trim": 3, "delete_before": 1, "erase_replaced": 3, "delete_ended": 3}
