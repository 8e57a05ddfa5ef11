"""The handler of the log: whole lines, in their order, never waiting for a reader."""

import asyncio
import io
import json
import logging
import os
import pty
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from app.adapters.log_lines import PreparedLine, fields_text
from app.adapters.request_context import REQUEST_ID
from app.adapters.telemetry import log_handler
from app.adapters.telemetry.line_output import LineOutput, line_output
from app.adapters.telemetry.line_queue import MAX_WAITING, MAX_WRITE
from app.adapters.telemetry.log_handler import OutputHandler
from tests.http.log_lines import only_handler

LOGGER = logging.getLogger("keyturn.test")
SOON = PreparedLine(LOGGER, "soon", fields_text)


class Outlet(LineOutput):
    """An output that has ``room`` for so many bytes, and stores each write."""

    def __init__(self) -> None:
        self.room = 10**9
        self.writes: list[bytes] = []

    def write(self, text: bytes) -> int:
        if not self.room:
            raise BlockingIOError
        taken = text[: self.room]
        self.room -= len(taken)
        self.writes.append(taken)
        return len(taken)

    def close(self) -> None:
        """Do nothing."""

    def entries(self) -> list[dict[str, object]]:
        """Return the lines, each of which must be a JSON object."""
        return [json.loads(line) for line in b"".join(self.writes).splitlines()]

    def numbers(self) -> list[object]:
        """Return the numbers of the lines."""
        return [each.get("number") for each in self.entries()]


@pytest.fixture
def outlet() -> Outlet:
    """Return an output with much room."""
    return Outlet()


@pytest.fixture
def handler(outlet: Outlet) -> Iterator[OutputHandler]:
    """Return the handler of the logger of this test, which writes to ``outlet``."""
    handler = OutputHandler(outlet)
    LOGGER.setLevel(logging.INFO)
    with only_handler(handler, "keyturn.test"):
        yield handler
    LOGGER.setLevel(logging.NOTSET)


def log(number: int, **fields: object) -> None:
    """Log a line with ``logging``."""
    LOGGER.info("at once", extra={"fields": {"number": number, **fields}})


def log_soon(number: int, **fields: object) -> None:
    """Log a prepared line."""
    SOON.log_soon({"number": number, **fields})


async def step() -> None:
    """Wait for the next step of the event loop."""
    await asyncio.sleep(0)


@pytest.mark.usefixtures("handler")
async def test_the_lines_of_a_step_are_one_write(outlet: Outlet) -> None:
    """Prepared lines are written together at the end of the step, each with the id of its own request."""
    for number in range(5):
        token = REQUEST_ID.set(f"r{number}")
        log_soon(number)
        REQUEST_ID.reset(token)
    assert outlet.writes == []
    await step()
    [write] = outlet.writes
    assert write.count(b"\n") == 5
    assert [each["request_id"] for each in outlet.entries()] == ["r0", "r1", "r2", "r3", "r4"]
    log_soon(5)
    await step()
    assert outlet.numbers() == [0, 1, 2, 3, 4, 5]


@pytest.mark.usefixtures("handler")
async def test_other_lines_keep_the_order(outlet: Outlet) -> None:
    """A line of ``logging`` is written at once, after the prepared lines that came before it."""
    log_soon(0)
    log(1)
    assert outlet.numbers() == [0, 1]
    log_soon(2)
    SOON.log({"number": 3})
    assert outlet.numbers() == [0, 1, 2, 3]
    await step()
    assert outlet.numbers() == [0, 1, 2, 3]


@pytest.mark.usefixtures("handler")
def test_without_an_event_loop_lines_are_written_at_once(outlet: Outlet) -> None:
    """Before and after the event loop there is no step to wait for."""
    log_soon(0)
    assert outlet.numbers() == [0]
    asyncio.run(_log_in_the_last_step(1))
    assert outlet.numbers() == [0, 1]
    log_soon(2)
    assert outlet.numbers() == [0, 1, 2]


async def _log_in_the_last_step(number: int) -> None:
    log_soon(number)


@pytest.mark.usefixtures("handler")
def test_a_loop_that_ended_early_loses_nothing(outlet: Outlet) -> None:
    """Lines of a step that never ended are written with the next line of ``logging``, and later steps end again."""
    loop = asyncio.new_event_loop()
    loop.run_until_complete(_log_in_the_last_step(0))
    loop.close()
    log(1)
    asyncio.run(_log_in_the_last_step(2))
    assert outlet.numbers() == [0, 1, 2]


@pytest.mark.usefixtures("handler")
def test_an_exception_loses_nothing(outlet: Outlet) -> None:
    """The lines before an exception that ends the event loop are written."""

    async def fail() -> None:
        log_soon(0)
        raise SystemExit

    with pytest.raises(SystemExit):
        asyncio.run(fail())
    assert outlet.numbers() == [0]


@pytest.mark.usefixtures("handler")
async def test_lines_of_threads_are_whole(outlet: Outlet) -> None:
    """Lines of several threads are whole, and those of one thread are in their order."""

    def log_many(thread: int) -> None:
        for number in range(200):
            log(number, thread=thread)

    threads = [threading.Thread(target=log_many, args=(each,)) for each in range(4)]
    for each in threads:
        each.start()
    for number in range(200):
        log_soon(number, thread=4)
        await step()
    for each in threads:
        each.join()
    for thread in range(5):
        assert [each["number"] for each in outlet.entries() if each["thread"] == thread] == [*range(200)]


@pytest.mark.usefixtures("handler")
async def test_a_blocked_output_is_tried_again(outlet: Outlet) -> None:
    """Lines wait while the output takes nothing. It can take a part of a line."""
    outlet.room = 10
    for number in range(3):
        log_soon(number)
        await step()
    assert b"".join(outlet.writes) == b'{"time": "'
    outlet.room = 10**9
    async with asyncio.timeout(5):
        while len(b"".join(outlet.writes).splitlines()) < 3:  # noqa: ASYNC110  # nothing tells when it is tried again
            await asyncio.sleep(0.01)
    assert outlet.numbers() == [0, 1, 2]


async def test_what_does_not_fit_is_dropped_and_counted(outlet: Outlet, handler: OutputHandler) -> None:
    """At most 1 MiB waits. The oldest lines stay; a line in their place says how many were dropped after them."""
    outlet.room = 0
    for number in range(20_000):
        log_soon(number)
        if number % 7 == 0:
            await step()
    log(20_000)
    assert handler._queue._bytes == sum(map(len, handler._queue._blocks)) <= MAX_WAITING
    assert handler._queue._bytes > MAX_WAITING - MAX_WRITE
    outlet.room = 10**9
    log(20_001)
    kept = [number for number in outlet.numbers() if number is not None]
    [report] = [each for each in outlet.entries() if each["logger"] == "keyturn.log"]
    assert report["level"] == "warning"
    assert report["message"] == "log lines were dropped"
    assert report["lines"] == handler.dropped == 20_002 - len(kept)
    assert kept == [*range(len(kept))]
    assert "request_id" not in report
    log(0)
    assert outlet.numbers()[-2:] == [None, 0]
    outlet.room = 0
    log(1)
    outlet.room = 10**9
    log(2)
    assert outlet.numbers()[-3:] == [0, 1, 2]


async def test_dropping_ends_when_half_is_written(outlet: Outlet, handler: OutputHandler) -> None:
    """A slow reader gets long runs of lines without a gap: dropping ends when half of what waited is written."""
    outlet.room = 0
    while not handler.dropped:
        log(0)
    dropped = handler.dropped
    outlet.room = MAX_WAITING // 4
    log(1)
    assert handler.dropped == dropped + 1
    outlet.room = MAX_WAITING // 2
    handler.flush()
    log(2)
    assert handler.dropped == dropped + 1
    outlet.room = 10**9
    log(3)
    assert outlet.numbers()[-3:] == [None, 2, 3]
    assert outlet.entries()[-3]["lines"] == dropped + 1


@pytest.mark.usefixtures("handler")
async def test_long_lines_are_cut_to_one_write(outlet: Outlet) -> None:
    """A write has at most 4,096 bytes, so that a pipe takes it whole; of a longer line, long values are cut."""
    log_soon(0, text="\U0001f600" * 5_000, items=["x" * 5_000], empty=None)
    for number in range(1, 60):
        log_soon(number)
    log_soon(60, **{f"text{number}": "\n" * 255 for number in range(30)})
    log_soon(61, **{f"text{number}": "\n" for number in range(400)})
    await step()
    assert all(len(each) <= MAX_WRITE and each.endswith(b"\n") for each in outlet.writes)
    assert len(outlet.writes) < 10
    first, *_, many, most = outlet.entries()
    assert outlet.numbers() == [*range(61), None]
    assert set(str(first["text"])) == {"\U0001f600"}
    assert str(first["items"]).startswith('["xxx')
    assert first["empty"] is None
    assert first["shortened"] is many["shortened"] is most["shortened"] is True
    assert most["message"] == "soon"


@pytest.mark.usefixtures("handler")
async def test_a_wrong_call_is_a_line(outlet: Outlet) -> None:
    """A call of ``logging`` with wrong arguments is reported by one line, without the arguments."""
    LOGGER.info("%d", "CANARY")
    [entry] = outlet.entries()
    assert (entry["logger"], entry["level"], entry["of"]) == ("keyturn.log", "error", "keyturn.test")
    assert entry["error"] == "TypeError"
    assert "CANARY" not in str(entry)


@pytest.mark.usefixtures("handler")
async def test_a_line_without_a_text_takes_no_other_with_it(outlet: Outlet) -> None:
    """If the text of a prepared line cannot be made, a line says so in its place."""
    log_soon(0)
    SOON.log_soon("CANARY")
    log_soon(2)
    await step()
    assert outlet.numbers() == [0, None, 2]
    broken = outlet.entries()[1]
    assert (broken["of"], broken["error"]) == ("keyturn.test", "AttributeError")
    assert "CANARY" not in str(broken)


def test_the_end_waits_a_moment(outlet: Outlet, handler: OutputHandler, monkeypatch: pytest.MonkeyPatch) -> None:
    """When the process ends, lines that wait are tried for a while, but not for ever."""
    outlet.room = 0
    log(0)

    def read(_: float) -> None:
        outlet.room = 10**9

    monkeypatch.setattr(time, "sleep", read)
    handler.close()
    assert outlet.numbers() == [0]
    outlet.room = 0
    log(1)
    monkeypatch.undo()
    monkeypatch.setattr(log_handler, "_LAST_SECONDS", 0.0)
    handler.close()
    assert outlet.numbers() == [0]


@pytest.mark.usefixtures("handler")
def test_a_forked_process_writes_no_line_again(outlet: Outlet) -> None:
    """Lines that wait in the parent process are not written by a child, too."""
    outlet.room = 0
    log(0)
    log_handler._forget_all()
    outlet.room = 10**9
    log(1)
    assert outlet.numbers() == [1]


class _Records(logging.Handler):
    """A handler that stores the records."""

    def __init__(self, records: list[logging.LogRecord]) -> None:
        super().__init__()
        self._records = records

    def emit(self, record: logging.LogRecord) -> None:
        self._records.append(record)


@pytest.mark.usefixtures("handler")
async def test_a_handler_of_others_gets_records(outlet: Outlet) -> None:
    """If another handler is added, both get each line, with the same fields."""
    records: list[logging.LogRecord] = []
    other = _Records(records)
    log_soon(0, name="\ud800")
    await step()
    LOGGER.addHandler(other)
    log_soon(1, name="\ud800", ratio=0.5, nothing=None)
    SOON.log({"number": 2})
    LOGGER.removeHandler(other)
    log_soon(3)
    await step()
    assert outlet.numbers() == [0, 1, 2, 3]
    assert [vars(each)["fields"] for each in records] == [
        {"number": 1, "name": "\ud800", "ratio": 0.5, "nothing": None},
        {"number": 2},
    ]


@pytest.mark.usefixtures("handler")
async def test_levels_and_filters_hold(outlet: Outlet) -> None:
    """A level above INFO and a filter also hold for prepared lines."""
    LOGGER.setLevel(logging.WARNING)
    log_soon(0)
    SOON.log({"number": 1})
    LOGGER.setLevel(logging.INFO)

    def refuse(_: logging.LogRecord) -> bool:
        return False

    LOGGER.addFilter(refuse)
    log_soon(2)
    SOON.log({"number": 3})
    LOGGER.removeFilter(refuse)
    await step()
    assert outlet.writes == []


# Outputs


def pipe(closing: ExitStack, _: Path) -> tuple[int, int]:
    """Return the ends of a pipe: reading, writing."""
    reading, writing = os.pipe()
    closing.callback(os.close, reading)
    closing.callback(os.close, writing)
    return reading, writing


def terminal(closing: ExitStack, _: Path) -> tuple[int, int]:
    """Return the ends of a terminal."""
    ends = pty.openpty()
    for each in ends:
        closing.callback(os.close, each)
    return ends


def unix_socket(closing: ExitStack, _: Path) -> tuple[int, int]:
    """Return the ends of a stream socket, as systemd makes one for the journal."""
    reading, writing = (closing.enter_context(each) for each in socket.socketpair())
    return reading.fileno(), writing.fileno()


def file(closing: ExitStack, folder: Path) -> tuple[int, int]:
    """Return a file, opened for reading and for writing."""
    writing = closing.enter_context((folder / "log").open("wb", buffering=0))
    reading = closing.enter_context((folder / "log").open("rb", buffering=0))
    return reading.fileno(), writing.fileno()


Ends = Callable[[ExitStack, Path], tuple[int, int]]


@pytest.fixture
def closing() -> Iterator[ExitStack]:
    """Return what is closed after the test."""
    with ExitStack() as closing:
        yield closing


@pytest.mark.parametrize("ends", [file, pipe, terminal, unix_socket])
def test_lines_reach_the_reader(ends: Ends, closing: ExitStack, tmp_path: Path) -> None:
    """A file, a pipe, a terminal and a socket get the lines. The flags of the open file, which is shared, stay."""
    reading, writing = ends(closing, tmp_path)
    stream = closing.enter_context(io.TextIOWrapper(io.FileIO(os.dup(writing), "w")))
    output = line_output(stream)
    closing.callback(output.close)
    handler = OutputHandler(output)
    handler.write_line("one\n")
    handler.write_line("two\n")
    assert os.read(reading, 100).splitlines() == [b"one", b"two"]
    assert os.get_blocking(writing)
    handler.close()


@pytest.mark.parametrize(
    ("ends", "own"),
    [(pipe, True), (pipe, False), (terminal, True), (unix_socket, True)],
    ids=["pipe", "pipe of another user", "terminal", "socket"],
)
def test_a_full_output_does_not_wait(
    ends: Ends, own: object, closing: ExitStack, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Writing to a pipe, a terminal or a socket that nobody reads returns at once, also to a pipe of another user.
    When somebody reads, all lines arrive in their order.
    """
    reading, writing = ends(closing, tmp_path)
    stream = closing.enter_context(io.TextIOWrapper(io.FileIO(os.dup(writing), "w")))
    if not own:
        monkeypatch.setattr(os, "open", _refuse)
    output = line_output(stream)
    monkeypatch.undo()
    closing.callback(output.close)
    handler = OutputHandler(output)
    closing.callback(handler.forget)
    for number in range(6_000):
        handler.write_line(f"{number:099}\n")
    assert handler._queue
    os.set_blocking(reading, False)
    received = b""
    while handler._queue or received.count(b"\n") < 6_000:
        handler.flush()
        received += os.read(reading, 65_536)
    assert [int(line) for line in received.splitlines()] == [*range(6_000)]
    assert handler.dropped == 0


def _refuse(*_: object) -> int:
    raise PermissionError


def test_a_closed_standard_error_is_no_error() -> None:
    """A process that was started without standard error has no log, and works."""
    handler = OutputHandler(line_output(None))
    handler.write_line("lost\n")
    handler.close()
    assert not handler._queue


def test_a_reader_that_is_gone_is_no_error(closing: ExitStack) -> None:
    """If the reader of a pipe is gone, lines wait and are then dropped."""
    reading, writing = os.pipe()
    stream = closing.enter_context(io.TextIOWrapper(io.FileIO(writing, "w")))
    output = line_output(stream)
    closing.callback(output.close)
    os.close(reading)
    handler = OutputHandler(output)
    for _ in range(300):
        handler.write_line("x" * 4_000 + "\n")
    assert handler.dropped == 300 - MAX_WAITING // 4_001
    handler.forget()


def test_a_stream_in_memory_gets_the_lines() -> None:
    """A stream without a file, such as that of a test, gets the lines; a closed one is no error."""
    stream = io.StringIO()
    handler = OutputHandler(line_output(stream))
    handler.write_line("one\n")
    assert stream.getvalue() == "one\n"
    stream.close()
    handler.write_line("two\n")
    handler.forget()
