"""A store that is unavailable for a while."""

import asyncio
import time
from pathlib import Path
from statistics import median
from typing import Final

import pytest
from aiohttp import ClientSession

from tests.conftest import Proof

from .backends import Backend
from .history import violations
from .processes import TIMEOUT_SECONDS, Service, running
from .refreshing_clients import OK, UNAUTHORIZED, RefreshingClients

_UNAVAILABLE: Final = 503
_TIMEOUT_SECONDS: Final = 1
_SLACK_SECONDS: Final = 4
"""The machine may be busy. A wait without a limit would take longer than this."""
_CLIENTS: Final = 4


@pytest.mark.proof("stores")
async def test_service_while_the_store_is_unavailable(store: Backend, tmp_path: Path, proof: Proof) -> None:
    """While the store is unavailable, refreshes get 503 with ``Retry-After`` in time, ``/readyz`` answers 503,
    and access tokens and keys work as before. Afterwards every session continues
    without a restart.
    """
    settings = {**store.settings, "STORE_TIMEOUT": f"{_TIMEOUT_SECONDS}s"}
    with running(tmp_path, settings) as service:
        async with (
            ClientSession(service.url) as client,
            RefreshingClients([service.url], _CLIENTS) as clients,
        ):
            proof.measured("median ms of /auth/me and of the keys before", await _median_times(client, clients))
            with store.unavailable():
                until = time.monotonic() + proof.count("seconds away", small=2, full=10)
                while time.monotonic() < until:
                    await asyncio.gather(
                        *(_check_refresh_unavailable(client, clients, session) for session in range(_CLIENTS))
                    )
                    await _wait_for_readiness(client, _UNAVAILABLE)
                proof.measured("median ms of /auth/me and of the keys meanwhile", await _median_times(client, clients))
            await _wait_for_readiness(client, OK)
            await clients.check_sessions_continue()
            assert violations(clients.first_tokens, clients.events) == []
        assert "reuse_detected" not in service.log()


async def test_sign_out_reaches_other_instances(store: Backend, tmp_path: Path) -> None:
    """A session that ended on one instance is refused by another: at once if that starts later, within seconds if it
    runs. It refuses both sessions also while the store is unavailable.
    """
    folders = [tmp_path / "first", tmp_path / "second"]
    for folder in folders:
        folder.mkdir()
    with running(folders[0], store.settings) as first:
        async with RefreshingClients([first.url], 2) as clients:
            await clients.sign_out(0)
            with running(folders[1], store.settings) as second:
                assert await clients.me(0, second.url) == UNAUTHORIZED
                assert await clients.me(1, second.url) == OK
                await clients.sign_out(1)
                await _check_refused_within(5.0, clients, second)
                with store.unavailable():
                    assert [await clients.me(each, second.url) for each in (0, 1)] == [UNAUTHORIZED] * 2


async def _check_refresh_unavailable(client: ClientSession, clients: RefreshingClients, session: int) -> None:
    begun = time.monotonic()
    body = {"refresh_token": clients.tokens[session]}
    async with client.post("/auth/refresh", json=body) as answer:
        assert answer.status == _UNAVAILABLE
        assert answer.headers["Retry-After"] == "1"
    assert time.monotonic() - begun < 2 * _TIMEOUT_SECONDS + _SLACK_SECONDS


async def _median_times(client: ClientSession, clients: RefreshingClients) -> list[float]:
    """Send requests that need no store. Return the median times of ``/auth/me`` and of the JWK Set, in milliseconds."""
    took: list[list[float]] = [[], []]
    for _ in range(50):
        begun = time.perf_counter()
        assert await clients.me(0, str(client._base_url).rstrip("/")) == OK
        between = time.perf_counter()
        async with client.get("/.well-known/jwks.json") as keys:
            assert keys.status == OK
            await keys.read()
        for times, seconds in zip(took, (between - begun, time.perf_counter() - between), strict=True):
            times.append(seconds * 1000)
    return [round(median(each), 2) for each in took]


async def _wait_for_readiness(client: ClientSession, expected: int) -> None:
    """Wait until ``/readyz`` answers with this status."""
    async with asyncio.timeout(TIMEOUT_SECONDS):
        while True:
            async with client.get("/readyz") as answer:
                if answer.status == expected:
                    return
            await asyncio.sleep(0.05)


async def _check_refused_within(seconds: float, clients: RefreshingClients, service: Service) -> None:
    async with asyncio.timeout(seconds):
        while await clients.me(1, service.url) != UNAUTHORIZED:  # noqa: ASYNC110  # only polling shows it
            await asyncio.sleep(0.02)
