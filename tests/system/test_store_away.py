"""A store that does nothing for a while: who needs it is told to come again, who does not notices nothing."""

import asyncio
import time
from pathlib import Path
from statistics import median
from typing import Final

import pytest
from aiohttp import ClientSession

from tests.conftest import Proof

from .backends import Backend
from .history import faults
from .people import OK, UNAUTHORIZED, People
from .processes import PATIENCE_SECONDS, Service, running

_UNAVAILABLE: Final = 503
_TIMEOUT_SECONDS: Final = 1
_SLACK_SECONDS: Final = 4
"""A machine can be busy: a wait that has no bound would be longer."""
_PEOPLE: Final = 4


@pytest.mark.proof("stores")
async def test_it_is_away_for_a_while(store: Backend, tmp_path: Path, proof: Proof) -> None:
    """Meanwhile refreshes get a 503 in time, with when to come again, the instance says that it is not ready (a locked
    file can still be read), and access tokens and keys are answered as ever; afterwards every session goes on, without
    a restart.
    """
    settings = {**store.settings, "STORE_TIMEOUT": f"{_TIMEOUT_SECONDS}s"}
    with running(tmp_path, settings) as service:
        async with (
            ClientSession(service.url) as client,
            People([service.url], _PEOPLE) as people,
        ):
            proof.measured("median ms of /auth/me and of the keys before", await _me_and_keys(client, people))
            with store.away():
                until = time.monotonic() + proof.count("seconds away", small=2, full=10)
                while time.monotonic() < until:
                    await asyncio.gather(*(_see_refused(client, people, session) for session in range(_PEOPLE)))
                    if store.server is not None:
                        await _readiness(client, _UNAVAILABLE)
                proof.measured("median ms of /auth/me and of the keys meanwhile", await _me_and_keys(client, people))
            await _readiness(client, OK)
            await people.see_all_go_on()
            assert faults(people.first_tokens, people.events) == []
        assert "reuse_detected" not in service.log()


@pytest.mark.parametrize("ended_before", [False, True])
async def test_a_sign_out_reaches_every_instance(store: Backend, tmp_path: Path, *, ended_before: bool) -> None:
    """A session that is ended on one instance is refused by another, within seconds if that runs already and at its
    first request if it starts later; and it asks no store for that: it refuses the token while the store is away.
    """
    folders = [tmp_path / "one", tmp_path / "other"]
    for folder in folders:
        folder.mkdir()
    with running(folders[0], store.settings) as one:
        async with People([one.url], 1) as people:
            if ended_before:
                await people.sign_out(0)
            with running(folders[1], store.settings) as other:
                if ended_before:
                    assert await people.me(0, other.url) == UNAUTHORIZED
                else:
                    assert await people.me(0, other.url) == OK
                    await people.sign_out(0)
                    await _refused_within(5.0, people, other)
                with store.away():
                    assert await people.me(0, other.url) == UNAUTHORIZED


async def _see_refused(client: ClientSession, people: People, session: int) -> None:
    begun = time.monotonic()
    body = {"refresh_token": people.tokens[session]}
    async with client.post("/auth/refresh", json=body) as answer:
        assert answer.status == _UNAVAILABLE
        assert answer.headers["Retry-After"] == "1"
    assert time.monotonic() - begun < 2 * _TIMEOUT_SECONDS + _SLACK_SECONDS


async def _me_and_keys(client: ClientSession, people: People) -> list[float]:
    """Ask for what needs no store, many times; return the median time of each, in milliseconds."""
    took: list[list[float]] = [[], []]
    for _ in range(50):
        begun = time.perf_counter()
        assert await people.me(0, str(client._base_url).rstrip("/")) == OK
        between = time.perf_counter()
        async with client.get("/.well-known/jwks.json") as keys:
            assert keys.status == OK
            await keys.read()
        for times, seconds in zip(took, (between - begun, time.perf_counter() - between), strict=True):
            times.append(seconds * 1000)
    return [round(median(each), 2) for each in took]


async def _readiness(client: ClientSession, expected: int) -> None:
    """Wait until the instance says whether it is ready."""
    async with asyncio.timeout(PATIENCE_SECONDS):
        while True:
            async with client.get("/readyz") as answer:
                if answer.status == expected:
                    return
            await asyncio.sleep(0.05)


async def _refused_within(seconds: float, people: People, service: Service) -> None:
    async with asyncio.timeout(seconds):
        while await people.me(0, service.url) != UNAUTHORIZED:  # noqa: ASYNC110  # nobody tells when
            await asyncio.sleep(0.02)
