"""The memory of a service levels off, whatever clients do: many requests, and many connections that are torn."""

import asyncio
import random
import sys
from collections.abc import Awaitable, Callable
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Final

import pytest

from app.domain.sessions import ratchet
from scripts.benchmark.population import numbered_token
from tests.conftest import Proof

from .open_load import OpenLoad
from .processes import Service, running

_SESSIONS: Final = 500
_PARTS: Final = 4
_AT_ONCE: Final = 20
_JUDGED: Final = 40_000
"""Fewer requests fill what is bounded, such as the last 10,000 audit records in memory, and show no level."""

_GROWTH_BYTES: Final = 4 * 2**20
"""How much the memory may grow in the second half."""

_SETTINGS: Final = {"LOG_LEVEL": "warning", "ACCESS_LOG": "0", "REPLAY_WINDOW": "10s"}


@pytest.mark.proof("growth")
async def test_memory_levels_off_under_refreshes(proof: Proof, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Refreshes fill bounded memories only: the second half of them adds next to nothing."""
    requests = proof.count("refreshes", small=400, full=100_000)
    with _service(tmp_path, monkeypatch) as service:
        load = OpenLoad(service.port, _tokens())

        async def refresh(number: int) -> None:
            done = 0
            while done < number:
                done += (await load.closed(0.2, at_once=_AT_ONCE)).statuses[200]

        await _check_levels_off(service, proof, requests, refresh)
        load.close()


@pytest.mark.proof("growth")
async def test_memory_levels_off_under_torn_connections(
    proof: Proof, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Connections that end in the middle of a head, a body or an answer leave nothing behind."""
    connections = proof.count("torn connections", small=200, full=100_000)
    cut = random.Random(proof.seed())  # noqa: S311  # it only chooses where to cut
    request = b"POST /auth/refresh HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 111\r\n\r\n"
    request += b'{"refresh_token":"%b"}' % _tokens()[0].encode()
    with _service(tmp_path, monkeypatch) as service:

        async def tear(number: int) -> None:
            for _ in range(number // _AT_ONCE):
                await asyncio.gather(*(_tear_one(service.port, request[: cut.randrange(500)]) for _ in range(_AT_ONCE)))

        await _check_levels_off(service, proof, connections, tear)


async def _tear_one(port: int, sent: bytes) -> None:
    _, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(sent)
    await asyncio.sleep(0)
    writer.transport.abort()


async def _check_levels_off(service: Service, proof: Proof, number: int, act: Callable[[int], Awaitable[None]]) -> None:
    sizes = [_resident_bytes(service.pid)]
    for _ in range(_PARTS):
        await act(number // _PARTS)
        sizes.append(_resident_bytes(service.pid))
    proof.measured("MiB", [round(each / 2**20, 1) for each in sizes])
    assert service.is_running()
    if number >= _JUDGED:
        assert sizes[-1] - sizes[_PARTS // 2] <= _GROWTH_BYTES


def _service(folder: Path, monkeypatch: pytest.MonkeyPatch) -> AbstractContextManager[Service]:
    monkeypatch.setenv("SEED", f"0 {_SESSIONS}")
    return running(folder, _SETTINGS, command=(sys.executable, "-m", "scripts.benchmark.seeded", "serve"))


def _tokens() -> list[str]:
    return [ratchet.encode(numbered_token(each)) for each in range(_SESSIONS)]


def _resident_bytes(pid: int) -> int:
    """Return the memory of a process, as proc_pid_statm(5) has it."""
    return int(Path(f"/proc/{pid}/statm").read_text("ascii").split()[1]) * 4_096
