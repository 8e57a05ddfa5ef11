"""Several processes on one store act as one service."""

import asyncio
from contextlib import ExitStack
from pathlib import Path
from typing import Final

import pytest

from tests.conftest import Proof

from .backends import Backend
from .processes import running
from .refreshing_clients import OK, RefreshingClients

_PROCESSES: Final = 3
_AT_ONCE: Final = 50


@pytest.mark.proof("stores")
async def test_simultaneous_refreshes_get_one_successor(store: Backend, tmp_path: Path, proof: Proof) -> None:
    """When several processes get the same refresh token at once, all of them answer with the same successor, and the
    session continues with it.
    """
    with ExitStack() as services:
        urls = []
        for number in range(_PROCESSES):
            folder = tmp_path / f"service {number}"
            folder.mkdir()
            urls.append(services.enter_context(running(folder, store.settings)).url)
        async with RefreshingClients(urls, 1) as clients:
            for _ in range(proof.count("times 50 refreshes at once", small=3, full=200)):
                body = {"refresh_token": clients.tokens[0]}
                requests = (clients.post("/auth/refresh", body, urls[each % _PROCESSES]) for each in range(_AT_ONCE))
                answers = await asyncio.gather(*requests)
                assert {status for status, _ in answers} == {OK}, answers
                [clients.tokens[0]] = {granted["refresh_token"] for _, granted in answers}
            await clients.check_sessions_continue()
