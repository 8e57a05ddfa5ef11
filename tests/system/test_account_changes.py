"""A change to an account on one instance takes effect on all instances."""

import asyncio
import json
import sqlite3
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, closing
from http import HTTPStatus
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

Change = Callable[["Instances", str, dict[str, str]], Awaitable[None]]


class Instances:
    """Two instances that share a store. ``environment`` has the settings for commands."""

    def __init__(self, urls: Sequence[str], environment: Mapping[str, str], database: Path) -> None:
        self._urls = urls
        self.environment = environment
        self.database = database

    async def ask(self, instance: int, method: str, path: str, token: str = "", **body: str) -> tuple[int, Any]:
        """Return the status and the JSON body of an answer of one instance."""
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        options: dict[str, Any] = {"json": body} if body else {}
        async with (
            ClientSession(self._urls[instance], cookie_jar=DummyCookieJar()) as client,
            client.request(method, path, headers=headers, **options) as answer,
        ):
            text = await answer.text()
            return answer.status, json.loads(text) if text else None

    async def sign_in(self, instance: int, username: str) -> dict[str, str]:
        """Sign in on one instance. Return the tokens."""
        status, granted = await self.ask(instance, "POST", "/auth/login", username=username, password=PASSWORD)
        assert status == OK, granted
        return dict(granted)

    async def create_user(self, username: str) -> None:
        """Create a user whose password is ``PASSWORD``."""
        administrator = await self.sign_in(0, USERNAME)
        path, token = "/admin/users", administrator["access_token"]
        status, created = await self.ask(0, "POST", path, token, username=username, password=PASSWORD)
        assert status == HTTPStatus.CREATED, created

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

    def credential_version(self, username: str) -> int:
        """Return the stored credential version of a user."""
        with closing(sqlite3.connect(self.database)) as database:
            [(version,)] = database.execute("SELECT credential_version FROM users WHERE username = ?", [username])
        return int(version)


@pytest.fixture(scope="module", params=["sqlite", "valkey"])
def instances(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Instances]:
    """Return two instances on a store. Users are in SQLite, sessions are in SQLite or Valkey."""
    folder = tmp_path_factory.mktemp(request.param)
    with ExitStack() as life:
        settings = life.enter_context(backend(request.param, folder)).settings
        services: list[Service] = []
        for name in ("one", "other"):
            (folder / name).mkdir()
            services.append(life.enter_context(running(folder / name, settings)))
        variables = {f"KEYTURN_{name}": value for name, value in settings.items()}
        yield Instances([each.url for each in services], variables, folder / "keyturn.db")


async def _user_changes_password(instances: Instances, username: str, current: dict[str, str]) -> None:
    """Change the user's own password. The current session continues on both instances."""
    status, _ = await instances.ask(
        0, "PUT", "/auth/password", current["access_token"], current_password=PASSWORD, new_password=NEW_PASSWORD
    )
    assert status == HTTPStatus.NO_CONTENT
    assert [await instances.me(each, current) for each in (0, 1)] == [OK, OK]
    assert (await instances.ask(1, "POST", "/auth/refresh", refresh_token=current["refresh_token"]))[0] == OK


async def _administrator_disables_user(instances: Instances, username: str, current: dict[str, str]) -> None:
    """Disable the user by the API. Both instances refuse the current session."""
    administrator = await instances.sign_in(0, USERNAME)
    _, caller = await instances.ask(0, "GET", "/auth/me", current["access_token"])
    path = f"/admin/users/{caller['sub']}/disable"
    assert (await instances.ask(0, "POST", path, administrator["access_token"]))[0] == OK
    for each in (0, 1):
        await instances.check_refused(each, current)


async def _command_disables_user(instances: Instances, username: str, current: dict[str, str]) -> None:
    """Disable the user by a command. Both instances refuse the current session."""
    assert await asyncio.to_thread(main, ["users", "disable", username], instances.environment) == 0
    for each in (0, 1):
        await instances.check_refused(each, current)


@pytest.mark.parametrize("change", [_user_changes_password, _administrator_disables_user, _command_disables_user])
async def test_account_change_ends_sessions_on_all_instances(instances: Instances, change: Change) -> None:
    """After a password change or a disabled user, both instances refuse the ended sessions within 5 seconds. A user's
    own password change keeps the current session.
    """
    username = change.__name__.strip("_")
    await instances.create_user(username)
    current, other_session = await instances.sign_in(0, username), await instances.sign_in(1, username)
    await change(instances, username, current)
    for each in (0, 1):
        await instances.check_refused(each, other_session)
    assert instances.credential_version(username) == 2
