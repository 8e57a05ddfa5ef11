"""Metrics of requests, hashing, stores, keys and revocations, read from their port."""

import asyncio
import threading
from dataclasses import replace
from typing import Final

import pytest
from aiohttp import ClientSession

from app.adapters.passwords import argon2
from app.adapters.telemetry import ages, prometheus
from app.adapters.telemetry.null import NullTelemetry
from app.domain.keys.signing_key import SigningKey
from app.domain.login.errors import HashingOverloaded
from app.service import background
from app.testing.keys import FakeKeyStore
from app.testing.system import NOW
from tests.metrics import Metrics

from .conftest import Start
from .service import Service, Tokens

PATIENCE_SECONDS = 5.0


@pytest.fixture
async def service(start: Start) -> Service:
    """Return a service with metrics."""
    return await start(metrics_port=0)


async def until(service: Service, **expected: float) -> Metrics:
    """Scrape until these gauges have these values."""
    async with asyncio.timeout(PATIENCE_SECONDS):
        while True:
            metrics = await service.metrics()
            if all(metrics.value(name) == value for name, value in expected.items()):
                return metrics


async def test_a_request_is_counted_by_its_route(service: Service, tokens: Tokens) -> None:
    """A request is counted by method, route pattern and status, and timed by method and route pattern."""
    for path in ("/auth/sessions/" + "A" * 22, "/auth/sessions/" + "B" * 22):
        await service.ask("DELETE", path, token=tokens.access)
    metrics = await service.metrics()
    route = {"method": "DELETE", "route": "/auth/sessions/{sid}"}
    assert metrics.value("http_requests_total", **route, status="404") == 2
    assert metrics.value("http_request_seconds_count", **route) == 2
    assert 0 < (metrics.value("http_request_seconds_sum", **route) or 0) < PATIENCE_SECONDS
    assert metrics.value("http_requests_total", method="POST", route="/auth/login", status="200") == 1


@pytest.mark.parametrize(
    ("request_line", "method", "status"),
    [
        (b"GET /nowhere HTTP/1.1", "GET", "404"),
        (b"PUT /auth/me HTTP/1.1", "PUT", "405"),
        (b"PROPFIND /auth/me HTTP/1.1", "other", "405"),
        (b"NONSENSE /auth/me HTTP/1.1", "other", "400"),
        (b"no HTTP", "other", "400"),
    ],
)
async def test_unknown_routes_and_methods_share_one_series(
    service: Service, request_line: bytes, method: str, status: str
) -> None:
    """Requests without a route share one series, and so do unusual methods."""
    await service.send(request_line + b"\r\nHost: x\r\n\r\n")
    assert (await service.metrics()).value("http_requests_total", method=method, route="other", status=status) == 1


async def test_a_request_refused_before_the_middlewares_is_counted(service: Service) -> None:
    """A request with an unknown expectation is counted with its status."""
    await service.send(b"GET /livez HTTP/1.1\r\nHost: x\r\nExpect: tea\r\n\r\n")
    assert (await service.metrics()).value("http_requests_total", method="GET", route="other", status="417") == 1


async def test_failures_are_counted(service: Service, tokens: Tokens) -> None:
    """A bug counts as 500, an outage of the store as 503 and as a store failure; calls with an answer are timed."""
    service.sessions.bug = RuntimeError()
    await service.refresh(tokens.refresh)
    service.sessions.bug = None
    service.sessions.down = True
    await service.refresh(tokens.refresh)
    metrics = await service.metrics()
    for status in ("500", "503"):
        assert metrics.value("http_requests_total", method="POST", route="/auth/refresh", status=status) == 1
    assert metrics.value("store_failures_total", store="sessions", act="find") == 1
    assert metrics.total("store_failures_total") == 1
    assert metrics.value("store_seconds_count", store="sessions", act="add") == 1
    assert metrics.value("store_seconds_count", store="users", act="find_by_username") == 2


_OF_BACKGROUND_TASKS: Final = {
    "keyturn_caught_up_age_seconds",
    "keyturn_requests_refused_total",
    "keyturn_requests_waiting",
}
"""Metrics that appear after the first round of a task."""


async def test_unknown_values_add_no_series(service: Service) -> None:
    """Unknown paths, methods, tokens and users add no series."""

    async def bother(number: int) -> None:
        for path in (f"/{number}", f"/auth/sessions/{number}", f"/auth/me?{number}"):
            await service.ask("GET", path, token=str(number))
        await service.send(f"M{number} /auth/me HTTP/1.1\r\nHost: x\r\n\r\n".encode())
        await service.login(f"user-{number}")
        await service.refresh(str(number))

    await bother(0)
    await service.container.retention().sweep()
    await service.container.audit_recorder().save()
    before = (await service.metrics()).samples.keys()
    for number in range(1, 20):
        await bother(number)
    new = {name for name, _ in (await service.metrics()).samples.keys() - before}
    assert not {name for name in new if "_bucket" not in name} - _OF_BACKGROUND_TASKS


async def test_the_queue_of_passwords(start: Start, monkeypatch: pytest.MonkeyPatch) -> None:
    """The gauges show running and waiting hashes, the counter the refused one, and each finished hash is timed."""
    service = await start(metrics_port=0, hashing=True, password_hash_queue=2)
    gate, matches = threading.Event(), argon2._matches
    monkeypatch.setattr(argon2, "_matches", lambda *parts: gate.wait(PATIENCE_SECONDS) and matches(*parts))
    logins = [asyncio.create_task(service.login()) for _ in range(4)]
    before = (await service.metrics()).total("password_hash_seconds_count")
    await until(service, password_hashes_under_way=1, password_hashes_waiting=2, password_hashes_refused_total=1)
    gate.set()
    assert sorted([(await login).status for login in logins]) == [200, 200, 200, 503]
    metrics = await until(service, password_hashes_under_way=0, password_hashes_waiting=0)
    assert metrics.total("password_hash_seconds_count") == before + 3


async def test_a_refusal_by_the_hasher_is_counted_once(start: Start, monkeypatch: pytest.MonkeyPatch) -> None:
    """The hasher's refusal is counted where it hashes; the edge counts only sign-ins that found no place before it."""
    service = await start(metrics_port=0, hashing=True)

    def refuse(*_: object, **__: object) -> None:
        raise HashingOverloaded

    monkeypatch.setattr(argon2.Argon2PasswordHasher, "_take_place", refuse)
    assert (await service.login()).status == 503
    assert (await service.metrics()).total("password_hashes_refused_total") == 1


async def test_signing_keys(start: Start, monkeypatch: pytest.MonkeyPatch) -> None:
    """The gauges show the number of keys by state and the activation times; states change with time alone."""
    monkeypatch.setattr(background, "_MEASURE_SECONDS", 0.01)
    service = await start(metrics_port=0)
    store: FakeKeyStore = service.container.key_store()  # type: ignore[assignment]  # it is the fake
    (first,) = store.stored
    store.stored = (first, replace(first, key=SigningKey("next", NOW + 1_000, NOW)))
    await service.container.key_lifecycle().load()
    assert await _keys(service, active=1, pending=1) == (first.key.activates_at, NOW + 1_000)
    service.clock.advance(1_000)
    assert await _keys(service, active=1, retiring=1) == (NOW + 1_000, 0)


async def _keys(service: Service, **counts: float) -> tuple[float | None, float | None]:
    """Wait for these numbers of keys by state; return when the active and the pending key activate."""
    expected = {"active": 0.0, "pending": 0.0, "retiring": 0.0, "gone": 0.0, **counts}
    async with asyncio.timeout(PATIENCE_SECONDS):
        metrics = await service.metrics()
        while any(metrics.value("signing_keys", state=state) != count for state, count in expected.items()):
            metrics = await service.metrics()
    name = "signing_key_activation_timestamp_seconds"
    return metrics.value(name, state="active"), metrics.value(name, state="pending")


async def test_the_last_sync_of_revocations(start: Start, monkeypatch: pytest.MonkeyPatch) -> None:
    """The gauge has the time since the last successful round, and grows while the store is down."""
    monkeypatch.setattr(background, "_SYNC_SECONDS", 0.01)
    moment = 1_000.0
    for module in (ages, prometheus):
        monkeypatch.setattr(module, "this_moment", lambda: moment)
    service = await start(metrics_port=0)

    async def age() -> float | None:
        return (await service.metrics()).value("caught_up_age_seconds", task="revocations")

    async def failures() -> float:
        return (await service.metrics()).total("store_failures_total")

    async with asyncio.timeout(PATIENCE_SECONDS):
        while await age() is None:
            pass
        moment += 7
        while await age() != 0:
            pass
        service.sessions.down = True
        before = await failures()
        while await failures() < before + 2:
            pass
        moment += 7
        while await failures() < before + 4:
            pass
        assert await age() == 7


async def test_metrics_have_their_own_port(service: Service) -> None:
    """The port of the service does not serve metrics, and the port of the metrics serves nothing else."""
    assert (await service.ask("GET", "/metrics")).problem == (404, "not-found")
    async with ClientSession(service.metrics_url) as client:
        assert (await client.get("/auth/me")).status == 404
        answer = await client.get("/metrics")
    assert answer.headers["Content-Type"] == "text/plain; version=0.0.4; charset=utf-8"
    assert answer.headers["Connection"] == "close"


async def test_without_a_port_nothing_is_measured(start: Start) -> None:
    """Without a metrics port, no part of the service is wrapped for measuring."""
    service = await start()
    container = service.container
    assert isinstance(container.telemetry(), NullTelemetry)
    assert container.audit_trail() is container.audit_recorder()
    assert container.password_hasher() is container.argon2()
    assert container.session_repository() is container.session_store().sessions
    assert len(service.app.middlewares) == 2
