"""A durable refresh with aiohttp, joserfc and sqlite3. It reads the path of its file from PEER_DATABASE and prints its
port.

Reads run on the event loop: they take microseconds. One thread writes, and commits all that waits in one transaction,
so that many refreshes share one flush of the disk.
"""

import asyncio
import os
import queue
import sqlite3
import threading
import time
import uuid
from typing import Final

from aiohttp import web

from .answers import LIFETIME, digest, new_token, refused, serve, token_response

_FILE: Final = os.environ.get("PEER_DATABASE", "peer.db")
_SCHEMA: Final = """
    PRAGMA journal_mode = WAL;
    CREATE TABLE IF NOT EXISTS users (subject TEXT PRIMARY KEY, disabled INTEGER NOT NULL);
    CREATE TABLE IF NOT EXISTS sessions
        (session_id TEXT PRIMARY KEY, subject TEXT NOT NULL, began_at INTEGER NOT NULL, digest BLOB NOT NULL);
"""
_FIND: Final = (
    "SELECT subject, began_at, digest, disabled FROM sessions JOIN users USING (subject) WHERE session_id = ?"
)
_ADVANCE: Final = "UPDATE sessions SET digest = ? WHERE session_id = ? AND digest = ?"
_ADD: Final = "INSERT INTO sessions VALUES (?, ?, ?, ?)"
_ADD_USER: Final = "INSERT OR IGNORE INTO users VALUES (?, 0)"

_Write = tuple[str, tuple[object, ...], "asyncio.Future[bool]"]


def _connect() -> sqlite3.Connection:
    connection = sqlite3.connect(_FILE, isolation_level=None, check_same_thread=False)
    connection.executescript(_SCHEMA)
    connection.execute("PRAGMA synchronous = FULL")
    return connection


_reader: Final = _connect()
_waiting: Final[queue.SimpleQueue[_Write]] = queue.SimpleQueue()


def write_all(loop: asyncio.AbstractEventLoop) -> None:
    """Execute what waits in one transaction, again and again. Answer after each commit."""
    connection = _connect()
    while True:
        writes = [_waiting.get()]
        while not _waiting.empty():
            writes.append(_waiting.get())
        connection.execute("BEGIN IMMEDIATE")
        changed = [connection.execute(statement, values).rowcount == 1 for statement, values, _ in writes]
        connection.execute("COMMIT")
        loop.call_soon_threadsafe(_answer, writes, changed)


def _answer(writes: list[_Write], changed: list[bool]) -> None:
    for (_, _, future), result in zip(writes, changed, strict=True):
        future.set_result(result)


async def _write(statement: str, *values: object) -> bool:
    """Return whether the statement changed a row, after the change is on the disk."""
    future: asyncio.Future[bool] = asyncio.get_running_loop().create_future()
    _waiting.put((statement, values, future))
    return await future


async def login(request: web.Request) -> web.Response:
    """Begin a session."""
    subject, session_id, now = (await request.json())["username"], uuid.uuid4().hex, int(time.time())
    token = new_token(session_id)
    await _write(_ADD_USER, subject)
    await _write(_ADD, session_id, subject, now, digest(token))
    return token_response(session_id, subject, now, token)


async def refresh(request: web.Request) -> web.Response:
    """Exchange a refresh token for its successor and a new access token."""
    presented: str = (await request.json())["refresh_token"]
    session_id, old = presented.partition(".")[0], digest(presented)
    row = _reader.execute(_FIND, (session_id,)).fetchone()
    if row is None or row[2] != old or row[3] or row[1] + LIFETIME <= time.time():
        return refused()
    token = new_token(session_id)
    response = token_response(session_id, row[0], row[1], token)
    return response if await _write(_ADVANCE, digest(token), session_id, old) else refused()


async def _serve() -> None:
    threading.Thread(target=write_all, args=(asyncio.get_running_loop(),), daemon=True).start()
    app = web.Application()
    app.router.add_post("/auth/login", login)
    app.router.add_post("/auth/refresh", refresh)
    await serve(app)


if __name__ == "__main__":
    asyncio.run(_serve())
