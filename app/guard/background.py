"""Follow an issuer on a thread of its own, for applications without an event loop. It is safe to fork."""

import asyncio
import atexit
import logging
import os
import time
from collections.abc import Callable, Coroutine
from contextlib import AbstractAsyncContextManager, suppress
from threading import Event, Lock, Thread, current_thread
from typing import Any, Final, Protocol
from weakref import WeakSet

from .daemon_loop import DaemonLoop
from .uwsgi import is_before_fork

_LOG: Final = logging.getLogger("keyturn.guard")

_FIRST_SECONDS: Final = 5.0
"""How long the first requests wait for the first keys and the first feed. The guard for aiohttp starts as slowly."""

_STOP_SECONDS: Final = 1.0


class Follower(Protocol):
    """Follows an issuer inside a context."""

    def running(self) -> AbstractAsyncContextManager[None]:
        """Return the context. It begins after the first fetches."""
        ...


class BackgroundFollower:
    """Runs a follower on one daemon thread with its own event loop, from the first use to the end of the process.

    A process that forks stops the thread before, and starts it again after. The child starts its own at its first use.
    ``is_ready`` says that this process has made the first fetches, or has tried for long enough.
    """

    def __init__(self, follower: Follower) -> None:
        self._follower = follower
        self._lock = Lock()
        self._thread: _FollowerThread | None = None
        self.is_ready = False
        _ALL.add(self)

    def start(self) -> None:
        """Start the thread, if it is not running. Call this at the start of a worker to spare the first requests."""
        if self._thread is None:
            with self._lock:
                self._start()

    def wait(self) -> None:
        """Start the thread, and return after the first fetches, or 5 seconds after the start without them."""
        self.start()
        thread = self._thread
        if thread is not None:
            thread.wait()
            if self._thread is thread:
                self.is_ready = True

    def stop(self) -> None:
        """Stop the thread. The next use starts it again."""
        with self._lock:
            self._stop()

    def pause(self) -> bool:
        """Stop the thread, and let nobody start it until ``resume``. Return whether it was running.

        ``is_ready`` stays as it is: what was fetched is still there, so that no request has to wait again.
        """
        self._lock.acquire()
        was_running, was_ready = self._thread is not None, self.is_ready
        self._stop()
        self.is_ready = was_ready
        return was_running

    def resume(self, *, running: bool) -> None:
        """Let the thread be started again, after ``pause``. Start it at once if it is to be ``running``.

        If it cannot be started now, the next request starts it.
        """
        try:
            if running:
                self._start()
        except Exception:  # noqa: BLE001  # a fork must go on, and so must the other followers
            _LOG.warning("following the issuer stopped at a fork; the next request begins again", exc_info=True)
        finally:
            self._lock.release()

    def begin_child(self) -> None:
        """Forget what belongs to the process that forked this one: its thread and its lock."""
        self._lock = Lock()
        self._thread, self.is_ready = None, False

    def _start(self) -> None:
        if self._thread is None and not is_before_fork():
            self._thread = thread = _FollowerThread(self._follow, ended=self._forget)
            try:
                thread.start()
            except RuntimeError:  # the system has no thread left
                self._thread = None
                thread.discard()
                raise

    def _stop(self) -> None:
        thread, self._thread, self.is_ready = self._thread, None, False
        if thread is not None:
            thread.stop()

    def _forget(self, thread: "_FollowerThread") -> None:
        """Forget a thread that ended by itself, so that the next request starts another one."""
        if self._thread is thread:
            self._thread, self.is_ready = None, False

    async def _follow(self, begun: Callable[[], None]) -> None:
        async with self._follower.running():
            begun()
            await asyncio.get_running_loop().create_future()


class _FollowerThread(Thread):
    """A daemon thread with a loop that runs ``follow`` until ``stop`` is called."""

    def __init__(
        self,
        follow: Callable[[Callable[[], None]], Coroutine[Any, Any, None]],
        *,
        ended: "Callable[[_FollowerThread], None]",
    ) -> None:
        super().__init__(name="keyturn-guard", daemon=True)
        self._begun = Event()
        self._wait_until = time.monotonic() + _FIRST_SECONDS
        self._ended = ended
        self._follow = follow
        self._loop = DaemonLoop()
        self._task: asyncio.Task[None] | None = None

    def run(self) -> None:
        """Follow the issuer. Log what ends it, unless that is ``stop``."""
        try:
            with suppress(asyncio.CancelledError):
                self._task = self._loop.create_task(self._follow(self._begun.set))
                self._loop.run_until_complete(self._task)
        except Exception:  # noqa: BLE001  # nobody would hear of it
            _LOG.exception("following the issuer failed; the next request begins again")
        finally:
            self._loop.run_until_complete(self._loop.shutdown_asyncgens())
            self._loop.close()
            self._ended(self)
            self._begun.set()

    def wait(self) -> None:
        """Return when the first fetches are done, or at the time until which requests wait for them."""
        self._begun.wait(max(0.0, self._wait_until - time.monotonic()))

    def stop(self) -> None:
        """Cancel the task, and wait a second at most until the thread has ended."""
        with suppress(RuntimeError):  # the loop has closed already
            self._loop.call_soon_threadsafe(self._cancel)
        if self is not current_thread():
            self.join(_STOP_SECONDS)

    def discard(self) -> None:
        """Close the loop of a thread that could not be started."""
        self._loop.close()

    def _cancel(self) -> None:
        assert self._task is not None, "the loop runs with its task only"
        self._task.cancel()


_ALL: Final[WeakSet[BackgroundFollower]] = WeakSet()
_paused: Final[list[tuple[BackgroundFollower, bool]]] = []
_forking = Lock()
"""Held during a fork: two threads may fork at the same time."""


def _before_fork() -> None:
    """Stop all threads: a child has a copy of what they were doing, in the middle of it, and none of the threads."""
    _forking.acquire()
    for each in tuple(_ALL):
        _paused.append((each, each.pause()))


def _after_fork_in_parent() -> None:
    try:
        for follower, was_running in _paused:
            follower.resume(running=was_running)
    finally:
        _paused.clear()
        _forking.release()


def _after_fork_in_child() -> None:
    """Begin anew. A program in C may have forked without calling ``_before_fork``."""
    global _forking  # noqa: PLW0603  # a thread that this process does not have may hold it
    _forking = Lock()
    for follower in tuple(_ALL):
        follower.begin_child()
    _paused.clear()


def _stop_all() -> None:
    for follower in tuple(_ALL):
        follower.stop()


atexit.register(_stop_all)
if hasattr(os, "register_at_fork"):
    os.register_at_fork(before=_before_fork, after_in_parent=_after_fork_in_parent, after_in_child=_after_fork_in_child)
