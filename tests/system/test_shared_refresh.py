"""Several processes on one store act as one service."""

import asyncio
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Final

import pytest

from app.domain.sessions.replaced import MAX_REPLACED
from tests.conftest import Proof

from .backends import Backend
from .processes import running
from .refreshing_clients import OK, ROTATIONS, RefreshingClients

_PROCESSES: Final = 3
_AT_ONCE: Final = 50


@pytest.fixture
def urls(store: Backend, tmp_path: Path) -> Iterator[list[str]]:
    """Return the URLs of three processes on one store."""
    with ExitStack() as services:
        urls = []
        for number in range(_PROCESSES):
            folder = tmp_path / f"service {number}"
            folder.mkdir()
            urls.append(services.enter_context(running(folder, store.settings)).url)
        yield urls


async def _refresh_at_once(clients: RefreshingClients, session: int, requests: int) -> str:
    """Present a session's token many times at once, to all processes. Return the one successor."""
    body = {"refresh_token": clients.tokens[session]}
    urls = [clients.urls[each % _PROCESSES] for each in range(requests)]
    answers = await asyncio.gather(*(clients.post("/auth/refresh", body, url) for url in urls))
    assert {status for status, _ in answers} == {OK}, answers
    [successor] = {str(granted["refresh_token"]) for _, granted in answers}
    return successor


@pytest.mark.proof("stores")
async def test_simultaneous_refreshes_get_one_successor(urls: list[str], proof: Proof) -> None:
    """When several processes get the same refresh token at once, all of them answer with the same successor, and the
    session continues with it.
    """
    times = proof.count("times 50 refreshes at once", small=3, full=200)
    async with RefreshingClients(urls, 1 + times // ROTATIONS) as clients:
        for number in range(times):
            session = number // ROTATIONS
            successor = await _refresh_at_once(clients, session, _AT_ONCE)
            assert successor != clients.tokens[session]
            clients.tokens[session] = successor
        await clients.check_sessions_continue()


async def test_token_stays_after_32_rotations(urls: list[str]) -> None:
    """After 32 rotations in one replay window every process answers with the current token as it is. The first token of
    the window leads to it, too.
    """
    async with RefreshingClients(urls, 1) as clients:
        [first] = clients.tokens
        for _ in range(MAX_REPLACED):
            await clients.refresh_with_retries(0)
        current = clients.tokens[0]
        assert await _refresh_at_once(clients, 0, _PROCESSES) == current
        clients.tokens[0] = first
        assert await _refresh_at_once(clients, 0, _PROCESSES) == current
