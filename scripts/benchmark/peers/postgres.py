"""A durable refresh with aiohttp, joserfc and asyncpg's pool. It reads the URL of its database from PEER_DATABASE and
prints its port.
"""

import asyncio
import os
import time
import uuid
from typing import Any, Final

import asyncpg
from aiohttp import web

from .answers import LIFETIME, digest, new_token, refused, serve, token_response

_SCHEMA: Final = """
    CREATE TABLE IF NOT EXISTS users (subject text PRIMARY KEY, disabled boolean NOT NULL);
    CREATE TABLE IF NOT EXISTS sessions
        (session_id text PRIMARY KEY, subject text NOT NULL, began_at bigint NOT NULL, digest bytea NOT NULL)
"""
_FIND: Final = (
    "SELECT subject, began_at, digest, disabled FROM sessions JOIN users USING (subject) WHERE session_id = $1"
)
_ADVANCE: Final = "UPDATE sessions SET digest = $1 WHERE session_id = $2 AND digest = $3"
_ADD: Final = "INSERT INTO sessions VALUES ($1, $2, $3, $4)"
_ADD_USER: Final = "INSERT INTO users VALUES ($1, false) ON CONFLICT DO NOTHING"

_POOL: Final = web.AppKey[Any]("pool", object)


async def login(request: web.Request) -> web.Response:
    """Begin a session."""
    pool, subject, session_id, now = request.app[_POOL], (await request.json())["username"], uuid.uuid4().hex, _now()
    token = new_token(session_id)
    await pool.execute(_ADD_USER, subject)
    await pool.execute(_ADD, session_id, subject, now, digest(token))
    return token_response(session_id, subject, now, token)


async def refresh(request: web.Request) -> web.Response:
    """Exchange a refresh token for its successor and a new access token."""
    presented: str = (await request.json())["refresh_token"]
    session_id, old = presented.partition(".")[0], digest(presented)
    pool = request.app[_POOL]
    row = await pool.fetchrow(_FIND, session_id)
    if row is None or row["digest"] != old or row["disabled"] or row["began_at"] + LIFETIME <= _now():
        return refused()
    token = new_token(session_id)
    response = token_response(session_id, row["subject"], row["began_at"], token)
    return response if await pool.execute(_ADVANCE, digest(token), session_id, old) == "UPDATE 1" else refused()


def _now() -> int:
    return int(time.time())


async def _serve() -> None:
    pool = await asyncpg.create_pool(os.environ["PEER_DATABASE"])
    await pool.execute(_SCHEMA)
    app = web.Application()
    app[_POOL] = pool
    app.router.add_post("/auth/login", login)
    app.router.add_post("/auth/refresh", refresh)
    await serve(app)


if __name__ == "__main__":
    asyncio.run(_serve())
