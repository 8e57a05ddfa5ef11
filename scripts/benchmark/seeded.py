"""Runs the service with sessions that no sign-in began, because signing in thousands of times takes too long.

The variable SEED has the number of the first session and the one after the last. The arguments are those of
``keyturn``.
"""

import asyncio
import os
import sys
from typing import Final

from aiohttp import web

from app.cli import main
from app.service import instance
from app.service.application import CONTAINER, create_application
from app.service.settings import Settings

from .population import numbered_token, numbered_user, session

_AT_ONCE: Final = 64


def seed_at_start() -> None:
    """Let the application add the sessions when it starts, after its stores are open."""
    numbers = range(*map(int, os.environ.pop("SEED").split()))

    async def add(app: web.Application) -> None:
        users, sessions = app[CONTAINER].user_repository(), app[CONTAINER].session_repository()

        async def add_one(number: int) -> None:
            owner = numbered_user(number)
            await users.add(owner)
            await sessions.add(session(numbered_token(number), owner, number))

        for start in range(0, len(numbers), _AT_ONCE):
            await asyncio.gather(*map(add_one, numbers[start : start + _AT_ONCE]))

    def create_seeded(settings: Settings) -> web.Application:
        app = create_application(settings)
        app.on_startup.append(add)
        return app

    instance.create_application = create_seeded  # type: ignore[attr-defined]  # it is only imported there


if __name__ == "__main__":
    seed_at_start()
    sys.exit(main())
