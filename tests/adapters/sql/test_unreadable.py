"""A row that cannot be read stops nothing else."""

from dataclasses import replace
from typing import Any

import pytest
from sqlalchemy import insert

from app.adapters.sql.database_url import DatabaseUrl
from app.adapters.sql.engine import run_in_transaction
from app.adapters.sql.schema import SESSIONS, USERS
from app.adapters.sql.session_rows import row_of
from app.contracts.sessions import LATER, end_all, live_sessions, new_session
from app.ports.session_store import StoreOptions
from app.testing.builders import ALICE

from .conftest import Stores

UNREADABLE, OTHER = new_session(1), new_session(2)


async def add_row(url: str, table: Any, row: dict[str, object]) -> None:
    """Add a row as it is."""
    await run_in_transaction(
        DatabaseUrl(url), lambda each: each.execute(insert(table), row), StoreOptions(timeout=20.0)
    )


@pytest.mark.parametrize("column", [{"scope": '"'}, {"revoked_at": LATER, "revoked_because": "unheard of"}], ids=str)
async def test_session_that_cannot_be_read_counts_as_absent(
    stores: Stores, url: str, column: dict[str, object], caplog: pytest.LogCaptureFixture
) -> None:
    """The subject's other sessions are listed and end, and the log names the session."""
    [store] = await stores()
    await add_row(url, SESSIONS, {**row_of(UNREADABLE), **column})
    await store.sessions.add(OTHER)
    assert await store.sessions.find(UNREADABLE.session_id) is None
    assert await store.session_reader.read(UNREADABLE.session_id) == (None, None)
    assert await live_sessions(store.sessions) == [OTHER]
    assert [each.session_id for each in await end_all(store.sessions)] == [OTHER.session_id]
    assert "cannot be read" in caplog.text


async def test_user_that_cannot_be_read_counts_as_absent(stores: Stores, url: str) -> None:
    """The other users are listed."""
    [store] = await stores()
    row = {"subject": "a", "username": "a", "password_hash": "x", "credential_version": 1, "disabled": False}
    await add_row(url, USERS, {**row, "scope": '"'})
    await store.users.add(replace(ALICE, username="b"))
    assert [each.username for each in await store.users.list_users(after="", limit=5)] == ["b"]
    assert await store.users.find_by_username("a") is None
