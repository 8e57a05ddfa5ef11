"""The thread of a guard without an event loop: its start, its end, and what a fork makes of it."""

import asyncio
import subprocess
import sys
import threading
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager

import pytest

from app.guard.background import BackgroundFollower
from app.guard.daemon_loop import DaemonLoop

from .drivers import ROOT

_SECONDS = 60.0
"""A process that does not end by itself in this time hangs."""


class FakeFollower:
    """Counts how often it was begun, and whether it runs."""

    def __init__(self, fault: Exception | None = None) -> None:
        self.begun = 0
        self.is_running = False
        self.fault = fault

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Follow nothing."""
        self.begun += 1
        if self.fault is not None:
            raise self.fault
        self.is_running = True
        try:
            yield
        finally:
            self.is_running = False


@pytest.fixture
def follower() -> FakeFollower:
    """Return a follower."""
    return FakeFollower()


@pytest.fixture
def background(follower: FakeFollower) -> Iterator[BackgroundFollower]:
    """Return the follower on a thread, which is stopped after the test."""
    background = BackgroundFollower(follower)
    yield background
    background.stop()


def test_the_first_use_starts_one_thread(follower: FakeFollower, background: BackgroundFollower) -> None:
    """Nothing runs before the first use. Then one thread runs, however many requests come at the same time."""
    assert not running_threads()
    requests = [threading.Thread(target=background.wait) for _ in range(8)]
    for request in requests:
        request.start()
    for request in requests:
        request.join()
    assert (len(running_threads()), follower.begun, background.is_ready) == (1, 1, True)


def test_a_stopped_thread_is_gone_and_can_start_again(follower: FakeFollower, background: BackgroundFollower) -> None:
    """``stop`` ends the thread and what it does. The next use begins again."""
    background.wait()
    background.stop()
    assert (running_threads(), follower.is_running, background.is_ready) == ([], False, False)
    background.wait()
    assert (len(running_threads()), follower.begun) == (1, 2)


def test_a_thread_that_fails_is_logged_and_started_again(caplog: pytest.LogCaptureFixture) -> None:
    """A bug that ends the thread is logged, no request waits for it, and the next request starts another thread."""
    follower = FakeFollower(RuntimeError("a bug"))
    background = BackgroundFollower(follower)
    for _ in range(2):
        background.wait()
        for thread in running_threads():
            thread.join()
    assert follower.begun == 2
    assert [record.levelname for record in caplog.records] == ["ERROR", "ERROR"]


async def test_no_request_waits_for_a_thread_that_was_stopped(background: BackgroundFollower) -> None:
    """Stopping while a request waits lets the request go on."""
    begun, go_on = threading.Event(), threading.Event()

    class Slow:
        @asynccontextmanager
        async def running(self) -> AsyncIterator[None]:
            begun.set()
            await asyncio.to_thread(go_on.wait)
            yield

    slow = BackgroundFollower(Slow())
    waiting = asyncio.create_task(asyncio.to_thread(slow.wait))
    await asyncio.to_thread(begun.wait)
    slow.stop()
    await waiting
    go_on.set()
    assert not slow.is_ready


def test_blocking_calls_give_their_results_and_errors() -> None:
    """A blocking call runs on another thread, and its result or error arrives in the loop."""
    loop = DaemonLoop()

    async def call() -> tuple[str, bool]:
        with pytest.raises(ZeroDivisionError):
            await loop.run_in_executor(None, lambda: 1 / 0)
        return await asyncio.to_thread(lambda: (threading.current_thread().name, threading.current_thread().daemon))

    assert loop.run_until_complete(call()) == ("keyturn-guard-call", True)
    loop.close()


_FORK = """
import os, sys, threading, warnings
warnings.simplefilter("ignore", DeprecationWarning)  # newer Pythons warn of every fork beside threads
from app.guard.background import BackgroundFollower
from tests.guards.test_background import FakeFollower, running_threads
background = BackgroundFollower(FakeFollower())
background.wait()
child = os.fork()
if child:
    assert background.is_ready
else:
    assert not running_threads() and not background.is_ready
    background.wait()
    assert len(running_threads()) == 1 and background.is_ready
    sys.exit(7)
assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 7
assert len(running_threads()) == 1
background.wait()
forks = [threading.Thread(target=lambda: os.fork() or os._exit(0)) for _ in range(8)]
for each in forks: each.start()
for each in forks: each.join()
assert len(running_threads()) == 1
"""

_NO_THREAD_LEFT = """
import logging, os, threading, warnings
warnings.simplefilter("ignore", DeprecationWarning)
logging.getLogger("keyturn.guard").disabled = True
from app.guard.background import BackgroundFollower
from tests.guards.test_background import FakeFollower, running_threads
followers = [BackgroundFollower(FakeFollower()) for _ in range(2)]
for each in followers: each.wait()
def no_thread_left(_): raise RuntimeError("can't start new thread")
start, threading.Thread.start = threading.Thread.start, no_thread_left
for _ in range(2):
    os.waitpid(os.fork() or os._exit(0), 0)
assert not running_threads() and all(each.is_ready for each in followers)
threading.Thread.start = start
for each in followers: each.wait()
assert len(running_threads()) == 2
"""

_SILENT_ISSUER = """
import socket
from app.guard.wsgi import remote_guard
silent = socket.create_server(("127.0.0.1", 0))
guard = remote_guard(issuer=f"http://127.0.0.1:{silent.getsockname()[1]}", audience="orders")
guard.start()
silent.accept()[0].detach()
silent.detach()
"""

_SLOW_NAMES = """
import socket, threading, time
from app.guard.wsgi import remote_guard
asked = threading.Event()
socket.getaddrinfo = lambda *_, **__: asked.set() or time.sleep(3_600)
remote_guard(issuer="https://id.example", audience="orders").start()
asked.wait()
"""


@pytest.mark.parametrize(
    "program",
    [
        pytest.param(_FORK, id="after forks, with one thread in each process"),
        pytest.param(_NO_THREAD_LEFT, id="after forks for which the system had no thread left"),
        pytest.param(_SILENT_ISSUER, id="while the issuer is silent"),
        pytest.param(_SLOW_NAMES, id="while a host name is looked up"),
    ],
)
def test_a_process_ends(program: str) -> None:
    """The process ends by itself, without a word on its error output."""
    ended = subprocess.run(
        [sys.executable, "-W", "error", "-c", program],
        cwd=ROOT,
        check=False,
        capture_output=True,
        text=True,
        timeout=_SECONDS,
    )
    assert (ended.returncode, ended.stderr) == (0, "")


def running_threads() -> list[threading.Thread]:
    """Return the threads of guards."""
    return [thread for thread in threading.enumerate() if thread.name == "keyturn-guard"]
