"""Workers and stores are killed under load: no acknowledged change is lost or made twice."""

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
from .history import Answer, Refresh, violations
from .processes import TIMEOUT_SECONDS, Service, running
from .refreshing_clients import RefreshingClients

_WORKERS: Final = {"WORKERS": "2", "STORE_TIMEOUT": "2s", "SESSIONS_PER_USER": "10000"}
_REUSE: Final = "reuse_detected"
_PAUSE_SECONDS: Final = (0.05, 0.4)


@pytest.mark.proof("stores")
async def test_killed_workers(store: Backend, tmp_path: Path, proof: Proof) -> None:
    """While workers are killed, every session continues with its newest acknowledged token or one of the two before it.
    Nothing counts as reuse, and acknowledged sign-outs stay.
    """
    with running(tmp_path, {**store.settings, **_WORKERS}) as service:

        async def kill_one(choose: random.Random) -> None:
            os.kill(choose.choice(await _workers(service)), signal.SIGKILL)

        await _check_while_killing(service, kill_one, proof, kind="worker")


@pytest.mark.proof("stores")
@pytest.mark.parametrize("store", ["postgresql", "valkey"], indirect=True)
async def test_killed_store(store: Backend, tmp_path: Path, proof: Proof) -> None:
    """The same holds while the store's server is killed and started again."""
    server = store.server
    assert server is not None
    with running(tmp_path, {**store.settings, **_WORKERS}) as service:

        async def kill_server(_: random.Random) -> None:
            await asyncio.to_thread(server.restart)

        await _check_while_killing(service, kill_server, proof, kind="store")


async def _check_while_killing(
    service: Service, kill: Callable[[random.Random], Awaitable[None]], proof: Proof, *, kind: str
) -> None:
    """Let clients refresh and some of them sign out while ``kill`` is called repeatedly. Check what they observed."""
    seed = proof.seed()
    choose = random.Random(seed)  # noqa: S311  # it only chooses moments
    number = proof.count("clients", small=9, full=100)
    stopped = asyncio.Event()
    async with RefreshingClients([service.url], number, seed=seed) as clients:
        refreshing = asyncio.create_task(clients.refresh_until(stopped.is_set))
        to_sign_out = iter(range(number // 3))
        for _ in range(proof.count(f"kills of a {kind}", small=3, full=30)):
            await asyncio.sleep(choose.uniform(*_PAUSE_SECONDS))
            chosen = [clients.current[client] for client in islice(to_sign_out, 1)]
            signing_out = [asyncio.create_task(clients.sign_out(session)) for session in chosen]
            await kill(choose)
            await asyncio.gather(*signing_out)
        stopped.set()
        await refreshing
        await clients.check_sessions_continue()
        await clients.check_ended_sessions_are_refused()
        assert violations(clients.first_tokens, clients.events) == []
        answers = [event.answer for event in clients.events if isinstance(event, Refresh)]
        proof.measured("sessions", len(clients.tokens))
        proof.measured("refreshes granted", answers.count(Answer.GRANTED))
        proof.measured("refreshes without an answer", answers.count(Answer.UNKNOWN))
    assert _REUSE not in service.log()


async def _workers(service: Service) -> list[int]:
    """Return the process ids of the workers. Wait until there is at least one."""
    async with asyncio.timeout(TIMEOUT_SECONDS):
        while not (pids := children(service.pid)):  # noqa: ASYNC110  # only polling shows it
            await asyncio.sleep(0.02)
    return pids
