"""What is kept of what happened, by real instances in a real database."""

import asyncio
import json
import signal
import sqlite3
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any, Final

import pytest
from aiohttp import ClientSession, DummyCookieJar

from app.cli import main

from .load import PASSWORD, USERNAME
from .processes import PATIENCE_SECONDS, Service, running
from .worker_processes import add_key, running_workers

NEW_PASSWORD: Final = "staple battery"  # noqa: S105  # a test's
SAID: Final = [
    "login_succeeded",
    "token_refreshed",
    "token_refreshed",
    "session_was_revoked",
    "reuse_detected",
]


@pytest.fixture
def settings(tmp_path: Path) -> dict[str, str]:
    """Return those of a service with a file and a directory of keys."""
    add_key(tmp_path)
    return {
        "DATABASE_URL": f"sqlite:///{tmp_path}/keyturn.db",
        "KEYS_DIR": str(tmp_path / "keys"),
        "BOOTSTRAP_USERNAME": USERNAME,
        "BOOTSTRAP_PASSWORD": PASSWORD,
    }


@pytest.fixture
def service(tmp_path: Path, settings: dict[str, str]) -> Iterator[Service]:
    """Return a running service."""
    with running(tmp_path, settings) as service:
        yield service


class Client:
    """Asks a service."""

    def __init__(self, session: ClientSession, url: str) -> None:
        self._session = session
        self._url = url

    async def ask(self, method: str, path: str, token: str = "", **body: str) -> tuple[int, Any]:
        """Return the status and the JSON of an answer."""
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        options: dict[str, Any] = {"json": body} if body else {}
        async with self._session.request(method, self._url + path, headers=headers, **options) as answer:
            text = await answer.text()
            return answer.status, json.loads(text) if text else None

    async def sign_in(self) -> dict[str, str]:
        """Return the tokens of a new session."""
        _, granted = await self.ask("POST", "/auth/login", username=USERNAME, password=PASSWORD)
        return dict(granted)

    async def refresh(self, token: str) -> dict[str, str]:
        """Return the answer to a refresh token."""
        _, answer = await self.ask("POST", "/auth/refresh", refresh_token=token)
        return dict(answer)

    async def sid(self, tokens: dict[str, str]) -> str:
        """Return the id of a session."""
        _, who = await self.ask("GET", "/auth/me", tokens["access_token"])
        return str(who["sid"])


def kept(database: Path, **where: object) -> list[str]:
    """Return the names of the events in the database, in their order."""
    conditions = " AND ".join(f"{name} = ?" for name in where) or "1 = 1"
    with closing(sqlite3.connect(database)) as connection:
        found = connection.execute(f"SELECT name FROM audit_events WHERE {conditions} ORDER BY at", [*where.values()])  # noqa: S608  # a test's own words
        return [name for (name,) in found]


def until_kept(database: Path, *names: str) -> None:
    """Wait until these events are there."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not {*names} <= {*kept(database)}:
        assert time.monotonic() < deadline, f"never kept: {sorted({*names} - {*kept(database)})}"
        time.sleep(0.05)


async def test_why_was_i_signed_out(
    service: Service, tmp_path: Path, settings: dict[str, str], capsys: pytest.CaptureFixture[str]
) -> None:
    """The administrators' API and the command tell the same: what happened to a session whose old token came back, from
    where, and in a sentence why it ended.
    """
    async with ClientSession(cookie_jar=DummyCookieJar()) as session:
        client = Client(session, service.url)
        tokens = await client.sign_in()
        sid = await client.sid(tokens)
        second = await client.refresh(tokens["refresh_token"])
        await client.refresh(second["refresh_token"])
        await client.refresh(tokens["refresh_token"])
        until_kept(tmp_path / "keyturn.db", *SAID)
        admin = await client.sign_in()
        status, told = await client.ask("GET", f"/admin/sessions/{sid}", admin["access_token"])
    assert (status, told["sid"], told["state"]) == (200, sid, "revoked")
    assert sorted(each["name"] for each in told["events"]) == sorted(SAID)
    assert "by a request from 127.0.0.1: an old refresh token was presented again" in told["conclusion"]
    assert all(each["address"] == "127.0.0.1" and each["request_id"] for each in told["events"])
    environment = {f"KEYTURN_{name}": value for name, value in settings.items()}
    assert await asyncio.to_thread(main, ["sessions", "explain", sid], environment) == 0
    first, *lines = capsys.readouterr().out.splitlines()
    assert (first, len(lines)) == (told["conclusion"], len(told["events"]))
    assert await asyncio.to_thread(main, ["sessions", "explain", sid, "--json"], environment) == 0
    assert json.loads(capsys.readouterr().out) == told


async def test_everything_that_matters_is_kept(service: Service, tmp_path: Path) -> None:
    """Each thing that an auditor asks about leaves an event that names it."""
    async with ClientSession(cookie_jar=DummyCookieJar()) as session:
        client = Client(session, service.url)
        await client.ask("POST", "/auth/login", username=USERNAME, password="wrong")  # noqa: S106  # it is
        tokens = await client.sign_in()
        again = await client.refresh(tokens["refresh_token"])
        await client.refresh(tokens["refresh_token"])
        await client.ask("POST", "/auth/logout", refresh_token=again["refresh_token"])
        admin = await client.sign_in()
        access = admin["access_token"]
        await client.ask("POST", "/admin/users", access, username="bob", password=PASSWORD)
        _, users = await client.ask("GET", "/admin/users", access)
        [bob] = [each["sub"] for each in users["users"] if each["username"] == "bob"]
        await client.ask("POST", f"/admin/users/{bob}/disable", access)
        await client.ask("POST", f"/admin/users/{bob}/enable", access)
        body = {"current_password": PASSWORD, "new_password": NEW_PASSWORD}
        await client.ask("PUT", "/auth/password", access, **body)
    until_kept(
        tmp_path / "keyturn.db",
        *("login_failed", "login_succeeded", "token_refreshed", "token_replayed", "session_was_revoked"),
        *("user_created", "user_disabled", "user_enabled", "password_changed", "key_published"),
    )


async def test_a_lost_race_is_kept(tmp_path: Path, settings: dict[str, str]) -> None:
    """A request that came second with a token that was good when it was read is told apart from reuse."""
    with running(tmp_path, {**settings, "REPLAY_WINDOW": "0"}) as service:
        async with ClientSession(cookie_jar=DummyCookieJar()) as session:
            client = Client(session, service.url)
            for _ in range(20):
                tokens = await client.sign_in()
                await asyncio.gather(*(client.refresh(tokens["refresh_token"]) for _ in range(10)))
                if "race_lost" in kept(tmp_path / "keyturn.db"):
                    break
        until_kept(tmp_path / "keyturn.db", "race_lost")


async def test_what_waits_is_kept_at_the_end(service: Service, tmp_path: Path) -> None:
    """A service that is stopped keeps what happened in its last moment."""
    async with ClientSession(cookie_jar=DummyCookieJar()) as session:
        await Client(session, service.url).ask("POST", "/auth/login", username="nobody", password=PASSWORD)
    service.send(signal.SIGTERM)
    assert service.exit_status() == 0
    assert "login_failed" in kept(tmp_path / "keyturn.db")


async def test_every_worker_keeps_its_own(tmp_path: Path) -> None:
    """Whichever worker answered, the event is kept, once."""
    with running_workers(tmp_path) as service:
        async with ClientSession(cookie_jar=DummyCookieJar()) as session:
            client = Client(session, service.url)
            signed_in = await asyncio.gather(*(client.sign_in() for _ in range(8)))
        service.send(signal.SIGTERM)
        assert service.exit_status() == 0
    assert kept(tmp_path / "keyturn.db").count("login_succeeded") == len(signed_in)


async def test_commands_keep_events_too(tmp_path: Path, settings: dict[str, str]) -> None:
    """What an operator does at the command line, to users or to keys in a directory, is in the trail."""
    environment = {f"KEYTURN_{name}": value for name, value in settings.items() if not name.startswith("BOOTSTRAP")}
    key = next((tmp_path / "keys").glob("*.pem"))
    assert key.exists()
    for command in (["keys", "rotate"], ["users", "disable", "nobody"]):
        await asyncio.to_thread(main, command, environment)
    assert "key_published" in kept(tmp_path / "keyturn.db")
