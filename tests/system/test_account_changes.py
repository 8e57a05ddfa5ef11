"""A change to an account on one instance takes effect on all instances."""

import asyncio
import json
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from http import HTTPStatus
from typing import Any, Final

import pytest
from aiohttp import ClientSession, DummyCookieJar

from app.cli import main
from app.cli.stores import opened_stores
from app.service.settings import Settings

from .backends import KINDS, backend
from .load import PASSWORD, USERNAME
from .processes import TIMEOUT_SECONDS, Service, running
from .refreshing_clients import OK, REVOCATION_SECONDS, UNAUTHORIZED

NEW_PASSWORD: Final = "staple battery"  # noqa: S105  # a test's

Change = Callable[["Instances", str, dict[str, str]], Awaitable[int | None]]
"""A change of the named user, and what it must do to the session of these tokens; returns the new credential version.
"""


class Instances:
    """Two instances that share a store. ``environment`` has the settings for commands."""

    def __init__(self, urls: Sequence[str], environment: Mapping[str, str]) -> None:
        self._urls = urls
        self.environment = environment

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

    async def credential_version(self, username: str) -> int | None:
        """Return the stored credential version of a user, ``None`` if there is no such user."""
        async with opened_stores(Settings.from_environment(self.environment)) as container:
            user = await container.database().users.find_by_username(username)
        return None if user is None else int(user.credential_version)


@pytest.fixture(scope="module", params=KINDS)
def instances(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Instances]:
    """Return two instances on a store."""
    folder = tmp_path_factory.mktemp(request.param)
    with ExitStack() as life:
        settings = life.enter_context(backend(request.param, folder)).settings
        services: list[Service] = []
        for name in ("one", "other"):
            (folder / name).mkdir()
            services.append(life.enter_context(running(folder / name, settings)))
        variables = {f"KEYTURN_{name}": value for name, value in settings.items()}
        yield Instances([each.url for each in services], variables)


async def _user_changes_password(instances: Instances, username: str, current: dict[str, str]) -> int | None:
    """Change the user's own password. The current session continues on both instances."""
    status, _ = await instances.ask(
        0, "PUT", "/auth/password", current["access_token"], current_password=PASSWORD, new_password=NEW_PASSWORD
    )
    assert status == HTTPStatus.NO_CONTENT
    assert [await instances.me(each, current) for each in (0, 1)] == [OK, OK]
    assert (await instances.ask(1, "POST", "/auth/refresh", refresh_token=current["refresh_token"]))[0] == OK
    return 2


async def _administrator_disables_user(instances: Instances, username: str, current: dict[str, str]) -> int | None:
    """Disable the user by the API. Both instances refuse the current session."""
    administrator = await instances.sign_in(0, USERNAME)
    _, caller = await instances.ask(0, "GET", "/auth/me", current["access_token"])
    path = f"/admin/users/{caller['sub']}/disable"
    assert (await instances.ask(0, "POST", path, administrator["access_token"]))[0] == OK
    for each in (0, 1):
        await instances.check_refused(each, current)
    return 2


def _command(name: str, *words: str, version: int | None) -> Change:
    """Return a change by a command, whose argument NAME is the user. Both instances refuse the current session."""

    async def run(instances: Instances, username: str, current: dict[str, str]) -> int | None:
        arguments = [username if each == "NAME" else each for each in words]
        assert await asyncio.to_thread(main, arguments, instances.environment) == 0
        for each in (0, 1):
            await instances.check_refused(each, current)
        return version

    run.__name__ = name
    return run


@pytest.mark.parametrize(
    "change",
    [
        _user_changes_password,
        _administrator_disables_user,
        _command("command_disables_user", "users", "disable", "NAME", version=2),
        _command("command_sets_scope", "users", "set-scope", "NAME", "account", version=2),
        _command("command_ends_sessions", "sessions", "end", "--user", "NAME", version=1),
        _command("command_deletes_user", "users", "delete", "NAME", version=None),
    ],
    ids=lambda change: change.__name__,
)
async def test_account_change_ends_sessions_on_all_instances(instances: Instances, change: Change) -> None:
    """After a change that ends a user's sessions, both instances refuse their access tokens within 5 seconds. A user's
    own password change keeps the current session.
    """
    username = change.__name__.strip("_")
    await instances.create_user(username)
    current, other_session = await instances.sign_in(0, username), await instances.sign_in(1, username)
    version = await change(instances, username, current)
    for each in (0, 1):
        await instances.check_refused(each, other_session)
    assert await instances.credential_version(username) == version


async def test_the_audit_trail_of_a_deleted_user_stays(
    instances: Instances, capsys: pytest.CaptureFixture[str]
) -> None:
    """A session of a deleted user is still explained, by all its events, to those who know its id."""
    await instances.create_user("carol")
    tokens = await instances.sign_in(0, "carol")
    sid = (await instances.ask(0, "GET", "/auth/me", tokens["access_token"]))[1]["sid"]
    await asyncio.to_thread(main, ["users", "delete", "carol"], instances.environment)
    assert (await instances.ask(1, "POST", "/auth/login", username="carol", password=PASSWORD))[0] == UNAUTHORIZED
    found: dict[str, Any] = {}
    async with asyncio.timeout(TIMEOUT_SECONDS):
        while not {"login_succeeded", "session_was_revoked", "user_deleted"} <= set(found):
            capsys.readouterr()
            await asyncio.to_thread(main, ["sessions", "explain", sid, "--json"], instances.environment)
            explained = json.loads(capsys.readouterr().out)
            found = {each["name"]: each for each in explained["events"]}
    assert explained["conclusion"].endswith(": the user was deleted.")
