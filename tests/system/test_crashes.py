"""Workers and stores that die at any moment, under load: nothing that was acknowledged is lost, or done twice."""

import asyncio
import os
import random
import signal
from collections.abc import Awaitable, Callable
from itertools import islice
from pathlib import Path
from typing import Final

import pytest

from tests.conftest import Proof
from tests.servers.server import children

from .backends import Backend
from .history import Answer, Refresh, faults
from .people import People
from .processes import PATIENCE_SECONDS, Service, running

_WORKERS: Final = {"WORKERS": "2", "STORE_TIMEOUT": "2s"}
_REUSE: Final = "reuse_detected"
_PAUSE_SECONDS: Final = (0.05, 0.4)


@pytest.mark.proof("stores")
async def test_workers_that_are_killed(store: Backend, tmp_path: Path, proof: Proof) -> None:
    """A worker is killed, again and again: every session goes on with its newest acknowledged token or the one before
    it, none is taken for stolen, and no acknowledged sign-out comes back.
    """
    with running(tmp_path, {**store.settings, **_WORKERS}) as service:

        async def kill_one(choose: random.Random) -> None:
            os.kill(choose.choice(await _workers(service)), signal.SIGKILL)

        await _survive(service, kill_one, proof, kind="worker")


@pytest.mark.proof("stores")
@pytest.mark.parametrize("store", ["postgresql", "valkey"], indirect=True)
async def test_a_store_that_is_killed(store: Backend, tmp_path: Path, proof: Proof) -> None:
    """The store's server is killed and started again, again and again, with the same outcome."""
    server = store.server
    assert server is not None
    with running(tmp_path, {**store.settings, **_WORKERS}) as service:

        async def kill_it(_: random.Random) -> None:
            await asyncio.to_thread(server.restart)

        await _survive(service, kill_it, proof, kind="store")


async def _survive(
    service: Service, kill: Callable[[random.Random], Awaitable[None]], proof: Proof, *, kind: str
) -> None:
    """Let people refresh and some of them sign out while ``kill`` happens, and judge what they saw."""
    seed = proof.seed()
    choose = random.Random(seed)  # noqa: S311  # it only chooses moments
    number = proof.count("people", small=12, full=100)
    over = asyncio.Event()
    async with People([service.url], number, seed=seed) as people:
        refreshing = asyncio.create_task(people.refresh_until(over.is_set))
        leaving = iter(range(number // 3))
        for _ in range(proof.count(f"kills of a {kind}", small=3, full=30)):
            await asyncio.sleep(choose.uniform(*_PAUSE_SECONDS))
            signing_out = [asyncio.create_task(people.sign_out(session)) for session in islice(leaving, 1)]
            await kill(choose)
            await asyncio.gather(*signing_out)
        over.set()
        await refreshing
        await people.see_all_go_on()
        await people.see_the_ended_refused()
        assert faults(people.first_tokens, people.events) == []
        answers = [event.answer for event in people.events if isinstance(event, Refresh)]
        proof.measured("refreshes granted", answers.count(Answer.GRANTED))
        proof.measured("refreshes without an answer", answers.count(Answer.UNKNOWN))
    assert _REUSE not in service.log()


async def _workers(service: Service) -> list[int]:
    """Return the processes of the workers, once there are some."""
    async with asyncio.timeout(PATIENCE_SECONDS):
        while not (pids := children(service.pid)):  # noqa: ASYNC110  # nobody tells when
            await asyncio.sleep(0.02)
    return pids
