"""The pytest plugin of the kit: a default ``proof``, its marker, and one time limit for each test of the kit.

pytest loads it where Keyturn is installed. It changes no test that is not of the kit.
"""

import asyncio
import signal
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from functools import wraps
from inspect import iscoroutinefunction
from types import FrameType
from typing import Any, Final

import pytest

_LIMIT_SECONDS: Final = "60"
_GRACE_SECONDS: Final = 5.0
"""What the alarm leaves to a test whose event loop still runs, to end with a better report."""


class SmallCounts:
    """Let each race be repeated a few times only."""

    def count(self, name: str, *, small: int, full: int) -> int:  # noqa: ARG002  # a ``Counts`` has them
        """Return ``small``."""
        return small


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the setting ``keyturn_time_limit``, and an option that is used instead."""
    what = "seconds that each test of Keyturn's kit may take"
    parser.addini("keyturn_time_limit", what, default=_LIMIT_SECONDS)
    parser.getgroup("keyturn").addoption("--keyturn-time-limit", metavar="SECONDS", help=what)


def pytest_configure(config: pytest.Config) -> None:
    """Register the marker ``proof``."""
    config.addinivalue_line("markers", "proof(name): a test of Keyturn's kit that asks ``proof`` for its counts")


@pytest.fixture
def proof() -> SmallCounts:
    """Return small counts. A fixture ``proof`` of your own can return larger ones."""
    return SmallCounts()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_setup(item: pytest.Item) -> Iterator[None]:
    """Limit the time in which the fixtures of a test begin."""
    with _limited(item):
        return (yield)


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_runtest_call(item: pytest.Item) -> Iterator[None]:
    """Limit the time of a test, and let it report the acts that still wait."""
    if isinstance(item, pytest.Function) and _is_of_the_kit(item) and iscoroutinefunction(item.obj):
        item.obj = _ending(item.obj, item.name, _seconds(item))
    with _limited(item):
        return (yield)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_teardown(item: pytest.Item) -> Iterator[None]:
    """Limit the time in which the fixtures of a test end."""
    with _limited(item):
        return (yield)


def _is_of_the_kit(item: pytest.Item) -> bool:
    mro = getattr(getattr(item, "cls", None), "__mro__", ())
    return any(each.__module__.startswith(f"{__package__}.") for each in mro)


def _seconds(item: pytest.Item) -> float:
    given = item.config.getoption("keyturn_time_limit")
    return float(item.config.getini("keyturn_time_limit") if given is None else given)


def _ending(test: Callable[..., Awaitable[None]], name: str, seconds: float) -> Callable[..., Awaitable[None]]:
    """Return a test that fails after ``seconds`` and says which acts of the adapter still wait then."""

    @wraps(test)
    async def ending(*args: Any, **keywords: Any) -> None:
        limit = asyncio.timeout(None)
        waiting: list[str] = []

        def end() -> None:
            waiting.extend(sorted({_place(each) for each in asyncio.all_tasks()}))
            limit.reschedule(0)

        alarm = asyncio.get_running_loop().call_later(seconds, end)
        try:
            async with limit:
                await test(*args, **keywords)
        except TimeoutError:
            if not limit.expired():
                raise
            pytest.fail(f"{_late(name, seconds)} What still waits: {'; '.join(waiting)}.", pytrace=False)
        finally:
            alarm.cancel()

    return ending


def _place(task: asyncio.Task[Any]) -> str:
    """Return where a task waits: the function that it runs, and the last line of it."""
    coroutine: Any = task.get_coro()
    frames = []
    while coroutine is not None:
        frame = getattr(coroutine, "cr_frame", None)
        if frame is not None:
            frames.append(frame)
        coroutine = getattr(coroutine, "cr_await", None)
    if not frames:
        return task.get_name()
    innermost = frames[-1]
    return f"{frames[0].f_code.co_qualname}, in line {innermost.f_lineno} of {innermost.f_code.co_filename}"


@contextmanager
def _limited(item: pytest.Item) -> Iterator[None]:
    """Let SIGALRM end a phase of a test that does not even let the event loop run."""
    if not _is_of_the_kit(item) or not hasattr(signal, "setitimer"):
        yield
        return
    seconds = _seconds(item)

    def late(number: int, frame: FrameType | None) -> None:  # noqa: ARG001  # a handler has them
        where = "" if frame is None else f" It is in line {frame.f_lineno} of {frame.f_code.co_filename}."
        pytest.fail(f"{_late(item.name, seconds)}{where}", pytrace=False)

    before = signal.signal(signal.SIGALRM, late)
    signal.setitimer(signal.ITIMER_REAL, seconds + _GRACE_SECONDS, _GRACE_SECONDS)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


def _late(name: str, seconds: float) -> str:
    return (
        f"{name} did not end within {seconds:g} seconds: acts of the adapter wait for each other (a deadlock), or for"
        " an answer without a time limit."
    )
