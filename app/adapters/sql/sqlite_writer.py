"""Write to a SQLite file. What waits is committed together."""

import asyncio
import sqlite3
import time
from collections import deque
from collections.abc import Iterator, Sequence
from contextlib import suppress
from itertools import chain, repeat
from queue import SimpleQueue
from threading import Thread
from typing import Final

from .compiled import CompiledStatement
from .database_url import DatabaseUrl
from .sqlite_change import Change
from .sqlite_connection import is_busy, is_interrupted, open_connection
from .sqlite_faults import WrongFile
from .sqlite_file import SqliteFile
from .sqlite_steps import StepLimit
from .sqlite_turns import WriterTurns

_PAUSES: Final = (*repeat(0.001, 50), 0.005)
"""Pauses in seconds while another process writes. It needs some milliseconds. The last pause is repeated."""


class SqliteWriter:
    """The only writer of this process. It takes all changes that wait into one transaction, so that they cost one flush
    to the disk, and answers them when it is committed.

    The event loop runs the statements, which takes microseconds: a thread would wait for Python's lock three times for
    each. The thread commits. It also runs a change that turned out to be long, and waits while another process writes.
    """

    def __init__(self, url: DatabaseUrl, file: SqliteFile) -> None:
        self._url = url
        self._file = file
        self._waiting: deque[Change] = deque()
        self._begun: SimpleQueue[Sequence[Change] | None] = SimpleQueue()
        self._is_busy = False
        self._wait_for_idle: list[asyncio.Future[None]] = []
        self._long: set[CompiledStatement] = set()
        self._limit = StepLimit()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._thread: Thread | None = None
        self._connection: sqlite3.Connection | None = None
        self._turns: WriterTurns | None = None

    def submit(self, change: Change) -> None:
        """Let a change be made. All changes come from one event loop, which gets their results."""
        self._waiting.append(change)
        if self._is_busy:
            return
        self._is_busy = True
        if self._thread is None:
            self._thread = Thread(target=self._serve, name="sqlite-writer", daemon=True)
            self._thread.start()
        self._loop = change.future.get_loop()
        self._loop.call_soon(self._write)

    async def wait_until_idle(self) -> None:
        """Return when no change waits or is being made, also for callers that are gone."""
        if self._is_busy:
            idle: asyncio.Future[None] = asyncio.get_running_loop().create_future()
            self._wait_for_idle.append(idle)
            await idle

    def close(self, *, patience: float) -> None:
        """Let the thread finish and close the connection, for which this waits ``patience`` seconds."""
        if self._thread is not None:
            self._begun.put(None)
            self._thread.join(patience)
            self._thread = None

    def _write(self) -> None:
        """Run the changes that wait, on the event loop, and let the thread commit them."""
        changes: list[Change] = []
        try:
            if self._has_begun_at_once():
                changes += self._take_waiting()
                self._run_short_ones(changes)
        finally:
            self._begun.put(changes)

    def _run_short_ones(self, changes: Sequence[Change]) -> None:
        """Run all changes except those that are known to be long, and one that turns out to be."""
        assert self._connection is not None
        for change in changes:
            if change.statement in self._long:
                continue
            with self._limit:
                change.run(self._connection)
            if is_interrupted(change.error()):
                self._long.add(change.statement)
                change.forget()
            if not self._connection.in_transaction:
                return

    def _has_begun_at_once(self) -> bool:
        """Return whether the lock of the file was free and is taken, so that nothing has to wait for it."""
        if self._connection is None or self._turns is None or not self._turns.take():
            return False
        try:
            self._file.verify()
            self._connection.execute("BEGIN IMMEDIATE")
        except (sqlite3.Error, WrongFile):
            return False
        finally:
            self._turns.give_back()
        return True

    def _take_waiting(self) -> Iterator[Change]:
        while self._waiting:
            yield self._waiting.popleft()

    def _take_expired(self) -> Iterator[Change]:
        """Yield the change that has waited longest, and all others whose time is over."""
        yield self._waiting.popleft()
        while self._waiting and self._waiting[0].start_by <= time.monotonic():
            yield self._waiting.popleft()

    def _answer(self, changes: Sequence[Change]) -> None:
        """Answer the changes, and go on with what has come meanwhile."""
        for change in changes:
            change.answer()
        if self._waiting:
            self._write()
            return
        self._is_busy = False
        for idle in self._wait_for_idle:
            if not idle.done():
                idle.set_result(None)
        self._wait_for_idle.clear()

    def _serve(self) -> None:
        """Commit, in the thread."""
        while (begun := self._begun.get()) is not None:
            changes = [*begun]
            try:
                if not changes:
                    self._begin(until=self._waiting[0].start_by)
                    changes += self._take_waiting()
                self._commit(changes)
            except Exception as error:  # noqa: BLE001  # the callers get it, and the next change a new connection
                changes = changes or [*self._take_expired()]
                self._fail(changes, error)
            assert self._loop is not None
            with suppress(RuntimeError):  # the loop is closed, and nobody waits
                self._loop.call_soon_threadsafe(self._answer, changes)
        self._disconnect()

    def _begin(self, *, until: float) -> None:
        """Get the lock of the file. Another process that waits for it gets it first."""
        self._file.verify()
        if self._turns is None:
            self._turns = WriterTurns(self._url.file)
        if self._connection is None:
            self._connection = open_connection(self._url, busy_seconds=max(0.0, until - time.monotonic()))
            self._connection.execute("PRAGMA busy_timeout=0")
            self._limit.watch(self._connection)
            self._file.learn(self._connection)
        with self._turns.turn(until=until):
            for pause in chain(_PAUSES, repeat(_PAUSES[-1])):
                try:
                    self._connection.execute("BEGIN IMMEDIATE")
                except sqlite3.OperationalError as error:
                    if not is_busy(error) or time.monotonic() + pause > until:
                        raise
                    time.sleep(pause)
                else:
                    return

    def _commit(self, changes: Sequence[Change]) -> None:
        """Run the changes that have not run yet, and commit all."""
        assert self._connection is not None
        for change in changes:
            if self._connection.in_transaction and not change.has_run():
                change.run(self._connection)
        if self._connection.in_transaction:
            self._connection.execute("COMMIT")
        else:  # out of space or memory, or a long change was stopped: SQLite has undone all of them
            self._commit_apart(changes)

    def _commit_apart(self, changes: Sequence[Change]) -> None:
        """Run each change in a transaction of its own, so that one that cannot succeed takes no other with it."""
        if len(changes) == 1 and changes[0].has_run():
            return
        for change in changes:
            change.forget()
            try:
                self._begin(until=change.start_by)
                self._commit([change])
            except Exception as error:  # noqa: BLE001  # as in _serve
                self._fail([change], error)

    def _fail(self, changes: Sequence[Change], error: Exception) -> None:
        for change in changes:
            change.fail(error)
        if isinstance(error, WrongFile):  # to close the connection would write to the other file
            return
        if not is_busy(error) or (self._connection is not None and self._connection.in_transaction):
            self._disconnect()

    def _disconnect(self) -> None:
        """Close the connection, which ends a transaction that is open."""
        if self._connection is not None:
            with suppress(sqlite3.Error):
                self._connection.close()
            self._connection = None
        if self._turns is not None:
            self._turns.close()
            self._turns = None
