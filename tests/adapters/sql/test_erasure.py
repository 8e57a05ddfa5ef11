"""Erased secrets in the file of a SQLite database."""

import asyncio
from pathlib import Path

from sqlalchemy import text

from app.adapters.sql.store import SqlStore
from app.contracts.sessions import NOW, add_all, advance, new_session, revoke, rotated
from app.ports.session_store import StoreOptions

from .conftest import copy_of


async def test_erased_secrets_are_gone_from_the_file(prepared_file: Path, tmp_path: Path) -> None:
    """After rotations in many sessions, what they replaced is nowhere in the SQLite file once it is erased, and so is
    what a revocation erased.
    """
    store = SqlStore(copy_of(prepared_file, tmp_path), StoreOptions(timeout=20.0))
    sessions = [new_session(number) for number in range(40)]
    await add_all(store.sessions, sessions)
    salts: set[bytes] = set()
    for step in range(1, 6):
        for number, session in enumerate(sessions):
            assert await advance(store.sessions, session, now=NOW + step)
            sessions[number] = rotated(session, now=NOW + step)
            salts.update(each.salt for each in sessions[number].replaced)
    assert len(salts) == 5 * len(sessions)
    content = await file_content(store, tmp_path / "keyturn.db")
    assert [salt for salt in salts if salt not in content] == []
    for session in sessions[::4]:
        assert await revoke(store.sessions, session)
    assert await store.sweeper.erase_replaced(rotated_before=NOW + 6, limit=100) == 30
    content = await file_content(store, tmp_path / "keyturn.db")
    assert [salt for salt in salts if salt in content] == []
    assert sessions[1].secret_digest in content
    await store.close()


async def file_content(store: SqlStore, file: Path) -> bytes:
    """Return the content of the file after everything was copied into it from the write-ahead log."""
    await store._statements.fetch(text("PRAGMA wal_checkpoint(TRUNCATE)"), {})
    return await asyncio.to_thread(file.read_bytes)
