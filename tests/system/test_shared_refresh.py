"""Several processes on one store: they are one service."""

import asyncio
from contextlib import ExitStack
from pathlib import Path
from typing import Final

import pytest

from tests.conftest import Proof

from .backends import Backend
from .people import OK, People
from .processes import running

_PROCESSES: Final = 3
_AT_ONCE: Final = 50


@pytest.mark.proof("stores")
async def test_of_many_refreshes_at_once_all_get_one_successor(store: Backend, tmp_path: Path, proof: Proof) -> None:
    """However many processes are asked at once with one token, each answer has the same successor, with which the
    session goes on.
    """
    with ExitStack() as services:
        urls = []
        for number in range(_PROCESSES):
            folder = tmp_path / f"service {number}"
            folder.mkdir()
            urls.append(services.enter_context(running(folder, store.settings)).url)
        async with People(urls, 1) as people:
            for _ in range(proof.count("times 50 refreshes at once", small=3, full=200)):
                body = {"refresh_token": people.tokens[0]}
                asked = (people.post("/auth/refresh", body, urls[each % _PROCESSES]) for each in range(_AT_ONCE))
                answers = await asyncio.gather(*asked)
                assert {status for status, _ in answers} == {OK}, answers
                [people.tokens[0]] = {granted["refresh_token"] for _, granted in answers}
            await people.see_all_go_on()
