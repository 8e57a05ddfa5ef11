"""A refresh with aiohttp and joserfc, and sessions in a dictionary. It prints its port."""

import asyncio
import time
import uuid
from dataclasses import dataclass
from typing import Final

from aiohttp import web

from .answers import LIFETIME, digest, new_token, refused, serve, token_response


@dataclass(slots=True)
class _Session:
    subject: str
    began_at: int
    digest: bytes


_sessions: Final[dict[str, _Session]] = {}


async def login(request: web.Request) -> web.Response:
    """Begin a session."""
    body = await request.json()
    session_id, now = uuid.uuid4().hex, int(time.time())
    token = new_token(session_id)
    _sessions[session_id] = _Session(body["username"], now, digest(token))
    return token_response(session_id, body["username"], now, token)


async def refresh(request: web.Request) -> web.Response:
    """Exchange a refresh token for its successor and a new access token."""
    presented: str = (await request.json())["refresh_token"]
    session_id = presented.partition(".")[0]
    session = _sessions.get(session_id)
    if session is None or session.digest != digest(presented) or session.began_at + LIFETIME <= time.time():
        return refused()
    token = new_token(session_id)
    response = token_response(session_id, session.subject, session.began_at, token)
    session.digest = digest(token)
    return response


if __name__ == "__main__":
    app = web.Application()
    app.router.add_post("/auth/login", login)
    app.router.add_post("/auth/refresh", refresh)
    asyncio.run(serve(app))
