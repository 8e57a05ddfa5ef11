"""The lifespan of the application: its start, failed starts, and its end."""

import asyncio
import logging
import threading
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Any, Final

import pytest
from aiohttp import web

from app.adapters.http.server.readiness import READINESS
from app.adapters.system import SystemClock
from app.domain.errors import ConfigurationError, StoreUnavailable
from app.domain.identifiers import Subject
from app.domain.login.user import User
from app.domain.sessions.session import RevocationReason
from app.service import application
from app.service.application import CONTAINER, create_application
from app.service.background import _SWEEP_SECONDS
from app.service.settings import Settings
from app.testing.builders import refresh_token, session_of

CHEAP: Final[dict[str, Any]] = {"password_hash_memory": 8_192, "password_hash_iterations": 1}
ALICE: Final[dict[str, Any]] = {"bootstrap_username": "alice", "bootstrap_password": "correct horse battery"}


@asynccontextmanager
async def started(**settings: Any) -> AsyncIterator[web.Application]:
    """Start an application with these settings, and stop it at the end."""
    runner = web.AppRunner(create_application(Settings(**CHEAP, **settings)))
    try:
        await runner.setup()
        yield runner.app
    finally:
        await runner.cleanup()


async def test_a_stop_ends_every_thread_and_task() -> None:
    """The application is ready only while it runs; its hashing threads and background tasks end with it."""
    threads, tasks = set(threading.enumerate()), asyncio.all_tasks()
    async with started(**ALICE) as app:
        assert app[READINESS]
        assert set(threading.enumerate()) > threads
        assert asyncio.all_tasks() > tasks
    assert set(threading.enumerate()) == threads
    await asyncio.sleep(0)
    assert asyncio.all_tasks() == tasks


async def test_a_stop_ends_a_task_that_misses_a_cancellation(monkeypatch: pytest.MonkeyPatch) -> None:
    """A task is cancelled again if a library took the first cancellation for its own timeout."""

    async def sweep(*_: object) -> None:
        with suppress(asyncio.CancelledError):
            await asyncio.sleep(3_600)
        await asyncio.sleep(3_600)

    monkeypatch.setattr(application, "sweep_periodically", sweep)
    runner = web.AppRunner(create_application(Settings(**CHEAP)))
    await runner.setup()
    await asyncio.sleep(0)
    stopping = asyncio.create_task(runner.cleanup())
    await asyncio.wait({stopping}, timeout=20)
    stopped = stopping.done()
    stopping.cancel()  # it would wait for ever
    assert stopped


async def test_the_bootstrap_user_is_an_administrator() -> None:
    """The bootstrap user can sign in, and has the default scope and the scope of an administrator."""
    async with started(**ALICE) as app:
        user = await app[CONTAINER].user_repository().find_by_username("alice")
        assert user is not None
        assert user.scope.text == "account keyturn:admin"
        assert await app[CONTAINER].password_hasher().verify((ALICE["bootstrap_password"],), user.password_hash)


@pytest.mark.parametrize("username", ["alice", "alice ", ".."], ids=["new rule", "outer space", "dots"])
async def test_an_existing_bootstrap_user_does_not_change(username: str) -> None:
    """A start that finds the user changes neither its password nor anything else. The user may have an old name, which
    is refused for new users.
    """
    app = create_application(Settings(**CHEAP, **ALICE | {"bootstrap_username": username}))
    users = app[CONTAINER].user_repository()
    before = User(Subject("old"), username, "a hash of hers", Settings().default_scope)
    await users.add(before)
    runner = web.AppRunner(app)
    try:
        await runner.setup()
        assert await users.find_by_username(username) == before
    finally:
        await runner.cleanup()


async def test_there_is_no_default_user() -> None:
    """Without the setting, no user is created."""
    async with started() as app:
        for username in ("alice", "demo", "admin", ""):
            assert await app[CONTAINER].user_repository().find_by_username(username) is None


async def test_a_start_warns_of_data_in_memory(caplog: pytest.LogCaptureFixture) -> None:
    """The log of the start names stores in memory and a generated signing key."""
    with caplog.at_level(logging.WARNING, "keyturn"):
        async with started():
            pass
    assert "sessions that are kept in memory" in caplog.text
    assert "KEYTURN_KEYS_DIR" in caplog.text


@pytest.mark.parametrize(
    ("settings", "named"),
    [
        ({"signing_key": "no key"}, "KEYTURN_SIGNING_KEY"),
        ({"signing_key_file": Path("missing.pem")}, "missing.pem"),
        ({"keys_dir": Path("missing")}, "missing"),
        ({**ALICE, "bootstrap_password": "x" * 129}, "KEYTURN_BOOTSTRAP_PASSWORD"),
        ({**ALICE, "bootstrap_username": "x" * 256}, "KEYTURN_BOOTSTRAP_USERNAME"),
        ({**ALICE, "bootstrap_username": "alice "}, r"KEYTURN_BOOTSTRAP_USERNAME must not have U\+0020 .* position 6"),
    ],
)
async def test_a_failed_start_leaves_nothing(settings: dict[str, Any], named: str) -> None:
    """Unusable settings stop the start with an error that names them; no thread or task is left."""
    threads, tasks = set(threading.enumerate()), asyncio.all_tasks()
    app = create_application(Settings(**CHEAP, **settings))
    runner = web.AppRunner(app)
    with pytest.raises(ConfigurationError, match=named):
        await runner.setup()
    assert not app[READINESS]
    await runner.cleanup()
    assert set(threading.enumerate()) == threads
    assert asyncio.all_tasks() == tasks


async def test_a_later_failure_of_the_start_leaves_nothing() -> None:
    """If another part of the application fails to start, all threads and tasks of the service end."""
    threads, tasks = set(threading.enumerate()), asyncio.all_tasks()
    app = create_application(Settings(**CHEAP, **ALICE))

    async def fail(_: web.Application) -> None:
        raise RuntimeError("the neighbour fails")

    app.on_startup.append(fail)
    runner = web.AppRunner(app)
    with pytest.raises(RuntimeError, match="the neighbour fails"):
        await runner.setup()
    await runner.cleanup()
    await asyncio.sleep(0)
    assert set(threading.enumerate()) == threads
    assert asyncio.all_tasks() == tasks


class _FailingSweeps:
    """Sweeps that fail with StoreUnavailable, then with a bug, and then succeed."""

    def __init__(self) -> None:
        self.outcomes: list[Exception | None] = [StoreUnavailable(), RuntimeError("a bug"), None]
        self.succeeded = asyncio.Event()

    async def sweep(self) -> None:
        outcome = self.outcomes.pop(0) if self.outcomes else None
        if outcome is not None:
            raise outcome
        self.succeeded.set()


async def test_sweeping_survives_failures(monkeypatch: pytest.MonkeyPatch) -> None:
    """The service sweeps by itself; neither an outage of the store nor a bug ends the sweeping."""
    monkeypatch.setattr("app.service.background._SWEEP_SECONDS", 0)
    sweeps = _FailingSweeps()
    app = create_application(Settings(**CHEAP))
    app[CONTAINER].retention.override(sweeps)
    runner = web.AppRunner(app)
    try:
        await runner.setup()
        async with asyncio.timeout(5):
            await sweeps.succeeded.wait()
    finally:
        await runner.cleanup()
    assert sweeps.outcomes == []


async def test_sweeping_is_frequent() -> None:
    """A salt is erased within a minute after the end of its replay window, so sweeps are more frequent than that."""
    assert _SWEEP_SECONDS <= 10


async def test_revocations_are_loaded_before_the_first_request() -> None:
    """The revocations in the store are loaded before the application is ready."""
    app = create_application(Settings(**CHEAP))
    token = refresh_token()
    now = SystemClock().now()
    store = app[CONTAINER].session_repository()
    await store.add(session_of(token, expires_at=now + 600))
    await store.revoke(token.session_id, reason=RevocationReason.LOGOUT, now=now)
    runner = web.AppRunner(app)
    try:
        await runner.setup()
        assert token.session_id in app[CONTAINER].revocation_list()
    finally:
        await runner.cleanup()
