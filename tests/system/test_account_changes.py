"""A change to an account on one instance takes effect on all instances."""

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
from .processes import Service, running
from .refreshing_clients import OK, REVOCATION_SECONDS, UNAUTHORIZED

NEW_PASSWORD: Final = "staple battery"  # noqa: S105  # a test's

Change = Callable[["Instances", dict[str, str]], Awaitable[None]]


class Instances:
    """Two instances that share a store. ``environment`` has the settings for commands."""

    def __init__(self, client: ClientSession, urls: list[str], environment: dict[str, str]) -> None:
        self._client = client
        self.urls = urls
        self.environment = environment

    async def ask(self, instance: int, method: str, path: str, token: str = "", **body: str) -> tuple[int, Any]:
        """Return the status and the JSON body of an answer of one instance."""
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        options: dict[str, Any] = {"json": body} if body else {}
        async with self._client.request(method, self.urls[instance] + path, headers=headers, **options) as answer:
            text = await answer.text()
            return answer.status, json.loads(text) if text else None

    async def sign_in(self, instance: int, password: str = PASSWORD) -> dict[str, str]:
        """Sign in on one instance. Return the tokens."""
        status, granted = await self.ask(instance, "POST", "/auth/login", username=USERNAME, password=password)
        assert status == OK, granted
        return dict(granted)

    async def me(self, instance: int, tokens: dict[str, str]) -> int:
        """Return the status of ``/auth/me``."""
        return (await self.ask(instance, "GET", "/auth/me", tokens["access_token"]))[0]

    async def check_refused(self, instance: int, tokens: dict[str, str]) -> None:
        """Check that an instance refuses the refresh token at once, and the access token within 5 seconds."""
        status, _ = await self.ask(instance, "POST", "/auth/refresh", refresh_token=tokens["refresh_token"])
        assert status == UNAUTHORIZED
        async with asyncio.timeout(REVOCATION_SECONDS):
            while await self.me(instance, tokens) != UNAUTHORIZED:  # noqa: ASYNC110  # only polling shows it
                await asyncio.sleep(0.02)


async def _user_changes_password(instances: Instances, current: dict[str, str]) -> None:
    status, _ = await instances.ask(
        0, "PUT", "/auth/password", current["access_token"], current_password=PASSWORD, new_password=NEW_PASSWORD
    )
    assert status == 204
    assert [await instances.me(each, current) for each in (0, 1)] == [OK, OK]
    assert (await instances.ask(1, "POST", "/auth/refresh", refresh_token=current["refresh_token"]))[0] == OK


async def _administrator_disables_user(instances: Instances, current: dict[str, str]) -> None:
    _, caller = await instances.ask(0, "GET", "/auth/me", current["access_token"])
    status, _ = await instances.ask(0, "POST", f"/admin/users/{caller['sub']}/disable", current["access_token"])
    assert status == OK
    await instances.check_refused(1, current)


async def _command_disables_user(instances: Instances, current: dict[str, str]) -> None:
    status = await asyncio.to_thread(main, ["users", "disable", USERNAME], instances.environment)
    assert status == 0
    for each in (0, 1):
        await instances.check_refused(each, current)


@pytest.mark.parametrize("kind", ["sqlite", "valkey"])
@pytest.mark.parametrize("change", [_user_changes_password, _administrator_disables_user, _command_disables_user])
async def test_account_change_ends_sessions_on_all_instances(kind: str, change: Change, tmp_path: Path) -> None:
    """After a password change or a disabled user, both instances refuse the ended sessions within 5 seconds. A user's
    own password change keeps the current session.
    """
    with ExitStack() as life, backend(kind, tmp_path) as store:
        settings = {**store.settings, "BOOTSTRAP_USERNAME": USERNAME, "BOOTSTRAP_PASSWORD": PASSWORD}
        services: list[Service] = []
        for name in ("one", "other"):
            folder = tmp_path / name
            folder.mkdir()
            services.append(life.enter_context(running(folder, settings)))
        async with ClientSession(cookie_jar=DummyCookieJar()) as client:
            environment = {f"KEYTURN_{name}": value for name, value in settings.items()}
            instances = Instances(client, [each.url for each in services], environment)
            current, other_session = await instances.sign_in(0), await instances.sign_in(1)
            await change(instances, current)
            for each in (0, 1):
                await instances.check_refused(each, other_session)
        with closing(sqlite3.connect(tmp_path / "keyturn.db")) as database:
            [(version,)] = database.execute("SELECT credential_version FROM users")
        assert version == 2
