"""What one instance does to an account, all others know of."""

import asyncio
import json
import sqlite3
from collections.abc import Awaitable, Callable
from contextlib import ExitStack, closing
from pathlib import Path
from typing import Any, Final

import pytest
from aiohttp import ClientSession, DummyCookieJar

from app.cli import main

from .backends import backend
from .load import PASSWORD, USERNAME
from .people import OK, REVOCATION_SECONDS, UNAUTHORIZED
from .processes import Service, running

NEW_PASSWORD: Final = "staple battery"  # noqa: S105  # a test's

Change = Callable[["Instances", dict[str, str]], Awaitable[None]]


class Instances:
    """Two instances that share a store, and the environment of their commands."""

    def __init__(self, client: ClientSession, urls: list[str], environment: dict[str, str]) -> None:
        self._client = client
        self.urls = urls
        self.environment = environment

    async def ask(self, instance: int, method: str, path: str, token: str = "", **body: str) -> tuple[int, Any]:
        """Return the status and the JSON of an answer of one of them."""
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        options: dict[str, Any] = {"json": body} if body else {}
        async with self._client.request(method, self.urls[instance] + path, headers=headers, **options) as answer:
            text = await answer.text()
            return answer.status, json.loads(text) if text else None

    async def sign_in(self, instance: int, password: str = PASSWORD) -> dict[str, str]:
        """Return the tokens of a new session."""
        status, granted = await self.ask(instance, "POST", "/auth/login", username=USERNAME, password=password)
        assert status == OK, granted
        return dict(granted)

    async def me(self, instance: int, tokens: dict[str, str]) -> int:
        """Return the status of a guarded route."""
        return (await self.ask(instance, "GET", "/auth/me", tokens["access_token"]))[0]

    async def refused_in_time(self, instance: int, tokens: dict[str, str]) -> None:
        """See the access token refused within the time that is promised, and the refresh token at once."""
        status, _ = await self.ask(instance, "POST", "/auth/refresh", refresh_token=tokens["refresh_token"])
        assert status == UNAUTHORIZED
        async with asyncio.timeout(REVOCATION_SECONDS):
            while await self.me(instance, tokens) != UNAUTHORIZED:  # noqa: ASYNC110  # another process tells nobody
                await asyncio.sleep(0.02)


async def _by_the_user(instances: Instances, kept: dict[str, str]) -> None:
    status, _ = await instances.ask(
        0, "PUT", "/auth/password", kept["access_token"], current_password=PASSWORD, new_password=NEW_PASSWORD
    )
    assert status == 204
    assert [await instances.me(each, kept) for each in (0, 1)] == [OK, OK]
    assert (await instances.ask(1, "POST", "/auth/refresh", refresh_token=kept["refresh_token"]))[0] == OK


async def _by_an_administrator(instances: Instances, kept: dict[str, str]) -> None:
    _, who = await instances.ask(0, "GET", "/auth/me", kept["access_token"])
    status, _ = await instances.ask(0, "POST", f"/admin/users/{who['sub']}/disable", kept["access_token"])
    assert status == OK
    await instances.refused_in_time(1, kept)


async def _by_a_command(instances: Instances, kept: dict[str, str]) -> None:
    status = await asyncio.to_thread(main, ["users", "disable", USERNAME], instances.environment)
    assert status == 0
    for each in (0, 1):
        await instances.refused_in_time(each, kept)


@pytest.mark.parametrize("kind", ["sqlite", "valkey"])
@pytest.mark.parametrize("change", [_by_the_user, _by_an_administrator, _by_a_command])
async def test_the_right_sessions_end_everywhere(kind: str, change: Change, tmp_path: Path) -> None:
    """Whoever changes the password or disables the user: what must end is refused on both instances within 5 seconds,
    and the session that is kept is kept.
    """
    with ExitStack() as open_, backend(kind, tmp_path) as store:
        settings = {**store.settings, "BOOTSTRAP_USERNAME": USERNAME, "BOOTSTRAP_PASSWORD": PASSWORD}
        services: list[Service] = []
        for name in ("one", "other"):
            folder = tmp_path / name
            folder.mkdir()
            services.append(open_.enter_context(running(folder, settings)))
        async with ClientSession(cookie_jar=DummyCookieJar()) as client:
            environment = {f"KEYTURN_{name}": value for name, value in settings.items()}
            instances = Instances(client, [each.url for each in services], environment)
            kept, ended = await instances.sign_in(0), await instances.sign_in(1)
            await change(instances, kept)
            for each in (0, 1):
                await instances.refused_in_time(each, ended)
        with closing(sqlite3.connect(tmp_path / "keyturn.db")) as database:
            [(version,)] = database.execute("SELECT credential_version FROM users")
        assert version == 2
