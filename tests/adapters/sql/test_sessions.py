"""Sessions in SQLite and PostgreSQL: what the kit cannot know."""

import sqlite3
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path
from typing import Any, Final

import pytest
from sqlalchemy import Connection, insert

from app.adapters.sql.compiled import CompiledStatement
from app.adapters.sql.database_url import DatabaseUrl
from app.adapters.sql.engine import run_in_transaction
from app.adapters.sql.schema import SESSIONS
from app.adapters.sql.session_rows import row_of
from app.adapters.sql.store import SqlStore
from app.adapters.sql.subject_sessions import SubjectSessions
from app.contracts.sessions import (
    LATER,
    NOW,
    SUBJECT,
    add_all,
    advance,
    began_at,
    end_all,
    limit_to,
    new_session,
    revoke,
)
from app.domain.errors import StoreUnavailable
from app.domain.identifiers import Subject
from app.domain.sessions.session import Session
from app.ports.session_store import StoreOptions

from .conftest import Stores, copy_of

MANY: Final = 10_000


async def add_many(url: str, sessions: list[Session]) -> None:
    """Add thousands of sessions at once."""
    rows = [row_of(each) for each in sessions]
    await run_in_transaction(
        DatabaseUrl(url), lambda each: each.execute(insert(SESSIONS), rows), StoreOptions(timeout=20.0)
    )


async def test_ten_thousand_sessions_end_in_one_call(stores: Stores, url: str) -> None:
    """All sessions of a user end within the usual time limit of the store, and each is returned."""
    [store] = await stores(options=StoreOptions(timeout=20.0))
    await add_many(url, [new_session(number) for number in range(MANY)])
    assert len(await end_all(store.sessions)) == MANY
    assert await store.sessions.list_live_sessions(SUBJECT, now=LATER, limit=1) == []


async def test_sessions_of_a_subject_end_in_bounded_steps(
    stores: Stores, url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A step ends 1,000 sessions, the newest first. One that cannot be read ends too, and does not end the steps."""
    [store] = await stores(options=StoreOptions(timeout=20.0))
    await add_many(url, [new_session(number, created_at=NOW + number) for number in range(2_001)])
    assert isinstance(store.sessions, SubjectSessions)
    statements, steps = store.sessions._statements, []
    run = statements.execute_returning

    async def note(*change: Any) -> Sequence[Any]:
        rows = await run(*change)
        steps.append([row.created_at - NOW for row in rows])
        return rows

    monkeypatch.setattr(statements, "execute_returning", note)
    await end_all(store.sessions)
    assert [sorted(each) for each in steps] == [[*range(1_001, 2_001)], [*range(1, 1_001)], [0]]


async def test_crowded_subjects_are_found_page_by_page(stores: Stores, url: str) -> None:
    """A page reads 10,000 sessions. A subject whose sessions are on two pages is found, and so is one of a
    later page.
    """
    [store] = await stores()
    users = {"a": 3, "b": MANY, "c": 1, "d": 3}
    subjects = [Subject(name) for name, count in users.items() for _ in range(count)]
    await add_many(url, [new_session(number, subject=subject) for number, subject in enumerate(subjects)])
    pages, after = [], ""
    while (page := await store.sessions.list_crowded_subjects(more_than=2, after=after)).next is not None:
        pages.append((page.subjects, page.next))
        after = page.next
    assert [*pages, (page.subjects, page.next)] == [(["a", "b"], "b"), (["d"], None)]


async def test_sessions_that_were_used_last_stay(stores: Stores) -> None:
    """Sessions that were rotated at the same time are told apart by their ids."""
    [store] = await stores()
    await add_all(store.sessions, [new_session(number, rotated_at=NOW) for number in (3, 1, 2)])
    assert [each.session_id[-1] for each in await limit_to(store.sessions, 2)] == [1]
    assert [each.session_id[-1] for each in await limit_to(store.sessions, 1, keep=new_session(2).session_id)] == [3]


async def test_a_user_below_the_limit_costs_no_change(prepared_file: Path, tmp_path: Path) -> None:
    """While another process writes into the SQLite file, a user who has few sessions does not wait for it."""
    url = copy_of(prepared_file, tmp_path)
    store = SqlStore(url, StoreOptions(timeout=0.5))
    await store.sessions.add(new_session())
    with closing(sqlite3.connect(DatabaseUrl(url).file, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        assert await limit_to(store.sessions, 1) == []
        with pytest.raises(StoreUnavailable):
            await end_all(store.sessions)
        other.execute("ROLLBACK")
    await store.close()


async def test_sessions_before_the_cut_off_are_found_by_an_index(stores: Stores) -> None:
    """Sessions are revoked in steps, also one that another instance adds with an earlier time afterwards."""
    [store] = await stores()
    await add_all(store.sessions, [began_at(number, NOW + number) for number in range(5)])
    assert await store.sweeper.revoke_cut_off(limit=10) == 0
    await store.sessions.set_cut_off(int(NOW) + 2)
    assert [await store.sweeper.revoke_cut_off(limit=2) for _ in range(3)] == [2, 1, 0]
    await store.sessions.add(began_at(9, NOW + 1))
    assert [await store.sweeper.revoke_cut_off(limit=2) for _ in range(2)] == [1, 0]


async def test_statements_on_one_session_use_its_key(stores: Stores, url: str, kind: str) -> None:
    """Neither database reads an index from end to end for one session, although PostgreSQL has no statistics yet."""
    [store] = await stores()
    statements: dict[str, tuple[object, ...]] = {}
    executor: Any = store._statements._executor
    fetch, change = executor.fetch, executor.change

    def seen(run: Any) -> Any:
        def see(statement: CompiledStatement, arguments: Sequence[object], **options: Any) -> Any:
            statements[statement.sql] = (*arguments,)
            return run(statement, arguments, **options)

        return see

    executor.fetch, executor.change = seen(fetch), seen(change)
    session = new_session()
    await store.sessions.find(session.session_id)
    await advance(store.sessions, session)
    await revoke(store.sessions, session)
    await store.sessions.set_credential_version(session.session_id, expected_version=1, credential_version=2, now=NOW)
    assert len(statements) == 4
    key = "sessions_pkey" if kind == "postgresql" else "sqlite_autoindex_sessions_1"
    explain = "EXPLAIN " if kind == "postgresql" else "EXPLAIN QUERY PLAN "

    def plans(connection: Connection) -> list[str]:
        return [str(connection.exec_driver_sql(explain + text, values).all()) for text, values in statements.items()]

    for plan in await run_in_transaction(DatabaseUrl(url), plans, StoreOptions(timeout=20.0)):
        assert key in plan, plan
        assert "unrevoked" not in plan, plan
