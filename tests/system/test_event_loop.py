"""No step of the event loop takes long."""

import asyncio
import gc
import socket
from collections.abc import AsyncIterator, Iterator
from contextlib import ExitStack

import pytest

from app.adapters.http.server.binding import bind
from app.adapters.http.server.gc_tuning import tune_gc
from app.adapters.http.server.runner import Runner
from app.adapters.http.server.serving import serve
from app.service.application import create_application
from app.service.settings import Settings

_CONNECTIONS = 100


@pytest.fixture
async def runner() -> AsyncIterator[Runner]:
    """Return a runner of the service."""
    settings = Settings(port=0, password_hash_memory=8_192, password_hash_iterations=1)
    runner = Runner(create_application(settings), shutdown_timeout=1, access_log=False)
    yield runner
    await runner.cleanup()


@pytest.fixture
def collector() -> Iterator[None]:
    """Restore the garbage collector's state after the test."""
    thresholds = gc.get_threshold()
    yield
    gc.unfreeze()
    gc.set_threshold(*thresholds)


async def test_connections_are_accepted_one_at_a_time(runner: Runner) -> None:
    """However many clients connect at once, each step of the event loop accepts one, so that other requests are served
    in between.
    """
    [listening] = await bind("127.0.0.1", 0)
    listening.listen()
    await runner.setup()
    with ExitStack() as clients:
        for _ in range(_CONNECTIONS):
            clients.enter_context(socket.create_connection(listening.getsockname()))
        await runner.listen([listening])
        steps: list[int] = []
        async with asyncio.timeout(20):
            while sum(steps) < _CONNECTIONS:
                await asyncio.sleep(0)
                server = runner.server
                assert server is not None
                steps.append(len(server.connections) - sum(steps))
    assert max(steps) <= 2


@pytest.mark.usefixtures("collector")
async def test_gc_ignores_objects_of_the_start(runner: Runner) -> None:
    """The garbage collector ignores the objects that exist after the start, and runs less often."""
    gc.unfreeze()
    stopped = asyncio.Event()
    stopped.set()
    await serve(runner, await bind("127.0.0.1", 0), stopped=stopped, announce=lambda: None)
    assert gc.get_freeze_count() > 100_000
    assert gc.get_threshold() > (1_000, 0, 0)


@pytest.mark.usefixtures("collector")
def test_a_queue_that_changes_starts_no_collection() -> None:
    """A hundred waiting requests more or fewer, some 10,000 objects, do not let all that wait be visited in vain."""
    tune_gc()
    waiting: list[list[object]] = []
    before = [each["collections"] for each in gc.get_stats()]
    for _ in range(20):
        waiting.extend([] for _ in range(10_000))
        waiting.clear()
    assert [each["collections"] for each in gc.get_stats()] == before
