"""The audit records of running services in a database."""

import asyncio
import base64
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
from .processes import TIMEOUT_SECONDS, Service, running
from .worker_processes import add_key, running_workers

NEW_PASSWORD: Final = "staple battery"  # noqa: S105  # a test's
REPLAY_WINDOW_SECONDS: Final = 2
REUSE_EVENTS: Final = [
    "login_succeeded",
    "token_refreshed",
    "token_refreshed",
    "session_was_revoked",
    "reuse_detected",
]


@pytest.fixture
def settings(tmp_path: Path) -> dict[str, str]:
    """Return the settings of a service with a SQLite file and a key directory."""
    add_key(tmp_path)
    return {
        "DATABASE_URL": f"sqlite:///{tmp_path}/keyturn.db",
        "KEYS_DIR": str(tmp_path / "keys"),
        "BOOTSTRAP_USERNAME": USERNAME,
        "BOOTSTRAP_PASSWORD": PASSWORD,
        "REPLAY_WINDOW": f"{REPLAY_WINDOW_SECONDS}s",
    }


@pytest.fixture
def service(tmp_path: Path, settings: dict[str, str]) -> Iterator[Service]:
    """Return a running service."""
    with running(tmp_path, settings) as service:
        yield service


class Client:
    """A client of a service."""

    def __init__(self, session: ClientSession, url: str) -> None:
        self._session = session
        self._url = url

    async def ask(self, method: str, path: str, token: str = "", **body: str) -> tuple[int, Any]:
        """Return the status and the JSON body of an answer."""
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        options: dict[str, Any] = {"json": body} if body else {}
        async with self._session.request(method, self._url + path, headers=headers, **options) as answer:
            text = await answer.text()
            return answer.status, json.loads(text) if text else None

    async def sign_in(self) -> dict[str, str]:
        """Sign in. Return the tokens."""
        _, granted = await self.ask("POST", "/auth/login", username=USERNAME, password=PASSWORD)
        return dict(granted)

    async def refresh(self, token: str) -> dict[str, str]:
        """Return the body of the answer to a refresh token."""
        _, answer = await self.ask("POST", "/auth/refresh", refresh_token=token)
        return dict(answer)

    async def sid(self, tokens: dict[str, str]) -> str:
        """Return the id of the session of these tokens."""
        _, caller = await self.ask("GET", "/auth/me", tokens["access_token"])
        return str(caller["sid"])


def stored_names(database: Path, **where: object) -> list[str]:
    """Return the names of the stored records in the order of their time."""
    conditions = " AND ".join(f"{name} = ?" for name in where) or "1 = 1"
    with closing(sqlite3.connect(database)) as connection:
        found = connection.execute(f"SELECT name FROM audit_events WHERE {conditions} ORDER BY at", [*where.values()])  # noqa: S608  # a test's own words
        return [name for (name,) in found]


def wait_until_stored(database: Path, *names: str) -> None:
    """Wait until records with these names are stored."""
    deadline = time.monotonic() + TIMEOUT_SECONDS
    while not {*names} <= {*stored_names(database)}:
        assert time.monotonic() < deadline, f"not stored: {sorted({*names} - {*stored_names(database)})}"
        time.sleep(0.05)


async def test_api_and_command_explain_reuse(
    service: Service, tmp_path: Path, settings: dict[str, str], capsys: pytest.CaptureFixture[str]
) -> None:
    """The administrators' API and the command report the same for a session with reuse: its events, their addresses,
    and a sentence that says why it ended.
    """
    async with ClientSession(cookie_jar=DummyCookieJar()) as session:
        client = Client(session, service.url)
        tokens = await client.sign_in()
        sid = await client.sid(tokens)
        second = await client.refresh(tokens["refresh_token"])
        await client.refresh(second["refresh_token"])
        await asyncio.sleep(REPLAY_WINDOW_SECONDS)
        await client.refresh(tokens["refresh_token"])
        wait_until_stored(tmp_path / "keyturn.db", *REUSE_EVENTS)
        admin = await client.sign_in()
        status, answer = await client.ask("GET", f"/admin/sessions/{sid}", admin["access_token"])
    assert (status, answer["sid"], answer["state"]) == (200, sid, "revoked")
    assert sorted(each["name"] for each in answer["events"]) == sorted(REUSE_EVENTS)
    assert "by a request from 127.0.0.1: an old refresh token was presented again" in answer["conclusion"]
    assert all(each["address"] == "127.0.0.1" and each["request_id"] for each in answer["events"])
    environment = {f"KEYTURN_{name}": value for name, value in settings.items()}
    assert await asyncio.to_thread(main, ["sessions", "explain", sid], environment) == 0
    first, *lines = capsys.readouterr().out.splitlines()
    assert (first, len(lines)) == (answer["conclusion"], len(answer["events"]))
    assert await asyncio.to_thread(main, ["sessions", "explain", sid, "--json"], environment) == 0
    assert json.loads(capsys.readouterr().out) == answer


def explain(environment: dict[str, str], capsys: pytest.CaptureFixture[str], sid: str) -> dict[str, Any]:
    """Return what ``sessions explain --json`` prints for a session."""
    assert main(["sessions", "explain", sid, "--json"], environment) == 0
    return dict(json.loads(capsys.readouterr().out))


async def test_timelines_contain_all_events(
    service: Service, tmp_path: Path, settings: dict[str, str], capsys: pytest.CaptureFixture[str]
) -> None:
    """The timeline of a session contains the events of the session, of its user and of the signing keys."""
    database = tmp_path / "keyturn.db"
    environment = {f"KEYTURN_{name}": value for name, value in settings.items()}
    async with ClientSession(cookie_jar=DummyCookieJar()) as session:
        client = Client(session, service.url)
        first = await client.sign_in()
        sid = await client.sid(first)
        await client.ask("POST", "/auth/login", username=USERNAME, password="wrong")  # noqa: S106  # it is
        again = await client.refresh(first["refresh_token"])
        await client.refresh(first["refresh_token"])
        other_client = await client.sign_in()
        other_client_sid = await client.sid(other_client)
        with closing(sqlite3.connect(database)) as connection, connection:
            sid_bytes = base64.urlsafe_b64decode(other_client_sid + "==")
            connection.execute("UPDATE sessions SET client_id = 'another' WHERE session_id = ?", [sid_bytes])
        await client.refresh(other_client["refresh_token"])
        await asyncio.to_thread(main, ["keys", "rotate"], environment)
        capsys.readouterr()
        admin = await client.sign_in()
        access = admin["access_token"]
        await client.ask("POST", "/admin/users", access, username="bob", password=PASSWORD)
        _, bobs = await client.ask("POST", "/auth/login", username="bob", password=PASSWORD)
        bob_sid = await client.sid(bobs)
        _, bob = await client.ask("GET", "/auth/me", bobs["access_token"])
        await client.ask("POST", f"/admin/users/{bob['sub']}/disable", access)
        body = {"current_password": PASSWORD, "new_password": NEW_PASSWORD}
        await client.ask("PUT", "/auth/password", access, **body)
        await client.refresh(again["refresh_token"])
        wait_until_stored(database, "password_changed", "user_disabled", "foreign_client_refused")
    service.send_signal(signal.SIGTERM)
    assert service.exit_status() == 0
    answer = {
        each: await asyncio.to_thread(explain, environment, capsys, each) for each in (sid, other_client_sid, bob_sid)
    }
    names = {each: {event["name"] for event in answer[each]["events"]} for each in answer}
    assert names[sid] >= {
        *("login_succeeded", "login_failed", "token_refreshed", "token_replayed"),
        *("key_rescheduled", "password_changed", "session_was_revoked"),
    }
    [failed] = [each for each in answer[sid]["events"] if each["name"] == "login_failed"]
    assert failed["details"]["reason"] == "wrong_password"
    assert answer[sid]["conclusion"].endswith(": the user's password was changed.")
    assert {"foreign_client_refused", "login_succeeded"} <= names[other_client_sid]
    assert {"user_disabled", "session_was_revoked", "login_succeeded"} <= names[bob_sid]
    assert answer[bob_sid]["conclusion"].endswith(": the user was disabled.")


async def test_lost_race_is_recorded(
    tmp_path: Path, settings: dict[str, str], capsys: pytest.CaptureFixture[str]
) -> None:
    """When two requests rotate one token at the same time, the second one is recorded as a lost race, not as reuse."""
    with running(tmp_path, {**settings, "REPLAY_WINDOW": "0"}) as service:
        async with ClientSession(cookie_jar=DummyCookieJar()) as session:
            client = Client(session, service.url)
            sids = []
            for _ in range(20):
                tokens = await client.sign_in()
                sids.append(await client.sid(tokens))
                await asyncio.gather(*(client.refresh(tokens["refresh_token"]) for _ in range(10)))
                if "race_lost" in stored_names(tmp_path / "keyturn.db"):
                    break
        wait_until_stored(tmp_path / "keyturn.db", "race_lost")
    environment = {f"KEYTURN_{name}": value for name, value in settings.items()}
    answer = [await asyncio.to_thread(explain, environment, capsys, sid) for sid in sids]
    assert "race_lost" in {event["name"] for each in answer for event in each["events"]}


async def test_revocation_of_all_sessions_is_explained(
    service: Service, tmp_path: Path, settings: dict[str, str], capsys: pytest.CaptureFixture[str]
) -> None:
    """The explanation of a session that ended with all others names the leaked key, even after its deletion."""
    environment = {f"KEYTURN_{name}": value for name, value in settings.items()}
    async with ClientSession(cookie_jar=DummyCookieJar()) as session:
        client = Client(session, service.url)
        sid = await client.sid(await client.sign_in())
    wait_until_stored(tmp_path / "keyturn.db", "login_succeeded")
    service.send_signal(signal.SIGTERM)
    assert service.exit_status() == 0
    await asyncio.to_thread(main, ["keys", "list", "--json"], environment)
    [kid, *_] = [
        key["kid"] for key in map(json.loads, capsys.readouterr().out.splitlines()) if key["state"] == "active"
    ]
    assert await asyncio.to_thread(main, ["keys", "compromised", kid, "--revoke-sessions"], environment) == 0
    with closing(sqlite3.connect(tmp_path / "keyturn.db")) as connection, connection:
        connection.execute("DELETE FROM sessions")
    capsys.readouterr()
    answer = await asyncio.to_thread(explain, environment, capsys, sid)
    assert answer["conclusion"].endswith(": all sessions were ended, because a signing key had leaked.")


async def test_waiting_records_are_stored_at_shutdown(service: Service, tmp_path: Path) -> None:
    """A service stores its waiting audit records before it stops."""
    async with ClientSession(cookie_jar=DummyCookieJar()) as session:
        await Client(session, service.url).ask("POST", "/auth/login", username="nobody", password=PASSWORD)
    service.send_signal(signal.SIGTERM)
    assert service.exit_status() == 0
    assert "login_failed" in stored_names(tmp_path / "keyturn.db")


async def test_each_worker_stores_its_records_once(tmp_path: Path) -> None:
    """With two workers, each login is stored exactly once."""
    with running_workers(tmp_path) as service:
        async with ClientSession(cookie_jar=DummyCookieJar()) as session:
            client = Client(session, service.url)
            signed_in = await asyncio.gather(*(client.sign_in() for _ in range(8)))
        service.send_signal(signal.SIGTERM)
        assert service.exit_status() == 0
    assert stored_names(tmp_path / "keyturn.db").count("login_succeeded") == len(signed_in)


async def test_commands_store_records(tmp_path: Path, settings: dict[str, str]) -> None:
    """Commands of an operator store audit records, also for keys in a directory."""
    environment = {f"KEYTURN_{name}": value for name, value in settings.items() if not name.startswith("BOOTSTRAP")}
    key = next((tmp_path / "keys").glob("*.pem"))
    assert key.exists()
    for command in (["database", "upgrade"], ["keys", "rotate"], ["users", "disable", "nobody"]):
        await asyncio.to_thread(main, command, environment)
    assert "key_published" in stored_names(tmp_path / "keyturn.db")
