"""A row that cannot be read stops nothing else."""

import sqlite3
from contextlib import closing
from dataclasses import replace
from typing import Any

import pytest
from sqlalchemy import insert

from app.adapters.sql.database_url import DatabaseUrl
from app.adapters.sql.engine import run_in_transaction
from app.adapters.sql.schema import AUDIT_RECORDS, CLIENTS, SESSIONS, USERS
from app.adapters.sql.session_rows import row_of
from app.contracts.sessions import LATER, end_all, live_sessions, new_session
from app.domain.audit.record import AuditRecord
from app.domain.clients.client import Client
from app.domain.identifiers import ClientId
from app.domain.keys.stored_key import EncryptedKey
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


async def test_page_is_full_although_some_of_its_rows_cannot_be_read(stores: Stores, url: str) -> None:
    """Whoever lists users or sessions takes a short page for the last one. So the next rows take the places of those
    that cannot be read.
    """
    [store] = await stores()
    for name in "abc":
        row = {"subject": name, "username": name, "password_hash": "x", "credential_version": 1, "disabled": False}
        await add_row(url, USERS, {**row, "scope": '"' if name < "c" else ""})
    assert [each.username for each in await store.users.list_users(after="", limit=2)] == ["c"]
    assert [each.username for each in await store.users.list_users(after="", limit=1)] == ["c"]
    await add_row(url, SESSIONS, {**row_of(UNREADABLE), "scope": '"'})
    await store.sessions.add(OTHER)
    assert await store.sessions.list_live_sessions(OTHER.subject, now=LATER, limit=1) == [OTHER]


@pytest.mark.parametrize(
    "column",
    [
        {"method": "unheard of"},
        {"grants": "unheard of"},
        {"scope": '"'},
        {"secrets": "{"},
        {"secrets": "[[1]]"},
        {"secrets": '[["ff", "soon"]]'},
        {"jwks": "["},
        {"jwks": "[]"},
    ],
    ids=str,
)
async def test_client_that_cannot_be_read_counts_as_absent(
    stores: Stores, url: str, column: dict[str, object], caplog: pytest.LogCaptureFixture
) -> None:
    """The other clients are found and listed, and the log names the client and shows nothing of its secrets."""
    [store] = await stores()
    await store.clients.add(Client(ClientId("other")))
    row = {"client_id": "a", "method": "none", "grants": "", "scope": "", "audiences": "", "introspects": ""}
    await add_row(url, CLIENTS, {**row, "secrets": "[]", "jwks": None, **column})
    assert await store.clients.find(ClientId("a")) is None
    assert [each.client_id for each in await store.clients.list_clients(after="", limit=1)] == ["other"]
    assert [each.fields["name"] for each in caplog.records] == ["a", "a"]  # type: ignore[attr-defined]  # our own
    assert "soon" not in caplog.text


@pytest.mark.parametrize("details", ["{", "[]"])
async def test_audit_record_that_cannot_be_read_is_left_out(
    stores: Stores, url: str, details: str, caplog: pytest.LogCaptureFixture
) -> None:
    """The other records of the session are listed, and the log names the record."""
    [store] = await stores()
    record = AuditRecord(event_id="1", at=1.0, name="logged_in", session_id=OTHER.session_id)
    await store.audit_records.append([record])
    columns = {name: getattr(record, name) for name in AUDIT_RECORDS.c.keys()}  # noqa: SIM118  # no mapping
    await add_row(url, AUDIT_RECORDS, {**columns, "event_id": "2", "details": details})
    assert await store.audit_records.list_for_session(OTHER.session_id, limit=5) == [record]
    assert "cannot be read" in caplog.text


async def test_signing_key_that_cannot_be_read_counts_as_absent(
    stores: Stores, url: str, caplog: pytest.LogCaptureFixture
) -> None:
    """The other keys are listed, and the log names the key. Only SQLite stores a time that is none."""
    if not url.startswith("sqlite"):
        pytest.skip("PostgreSQL refuses such a row")
    [store] = await stores()
    good = EncryptedKey("good", "", 1.0, 2.0, "encrypted")
    await store.signing_keys.add(good)
    with closing(sqlite3.connect(DatabaseUrl(url).file)) as database:
        database.execute("INSERT INTO signing_keys VALUES ('bad', 'good', 'soon', 'later', 'encrypted')")
        database.commit()
    assert await store.signing_keys.list_keys() == [good]
    assert [each.fields["name"] for each in caplog.records] == ["bad"]  # type: ignore[attr-defined]  # our own
