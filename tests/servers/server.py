"""A server process that a test can kill, stop for a while, and start again with the same port and data."""

import os
import signal
import socket
import subprocess
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, Final

PATIENCE_SECONDS: Final = 30.0

_STEP_SECONDS: Final = 0.01


class Server:
    """A process with its children. It listens on a port of 127.0.0.1 and keeps its data in a folder."""

    def __init__(self, command: Sequence[str | Path], *, port: int, folder: Path, **options: Any) -> None:
        self.port = port
        self.folder = folder
        self._command = command
        self._log = folder / "log"
        self._options = options
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start the process. Return when it answers."""
        with self._log.open("ab") as log:
            self._process = subprocess.Popen(
                self._command,
                cwd=self.folder,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
                **self._options,
            )
        deadline = time.monotonic() + PATIENCE_SECONDS
        while not self.answers():
            assert self._process.poll() is None, f"the server ended early:\n{self._log.read_text()}"
            assert time.monotonic() < deadline, f"the server never answered:\n{self._log.read_text()}"
            time.sleep(_STEP_SECONDS)

    def answers(self) -> bool:
        """Tell whether the server accepts connections. Subclasses ask for more."""
        try:
            with socket.create_connection(("127.0.0.1", self.port), timeout=1):
                return True
        except OSError:
            return False

    @property
    def pid(self) -> int:
        """Return the id of the parent process."""
        assert self._process is not None
        return self._process.pid

    def kill(self) -> None:
        """Kill the process and its children, as ``kill -9`` does."""
        self._signal(signal.SIGKILL)
        assert self._process is not None
        self._process.wait()

    def restart(self) -> None:
        """Kill the process and start it again."""
        self.kill()
        self.start()

    @contextmanager
    def stopped(self) -> Iterator[None]:
        """Stop the process and its children (SIGSTOP) while the context is open."""
        self._signal(signal.SIGSTOP)
        try:
            yield
        finally:
            self._signal(signal.SIGCONT)

    def end(self) -> None:
        """End the process in whatever state it is."""
        if self._process is not None:
            with suppress(ProcessLookupError, FileNotFoundError):
                self.kill()

    def _signal(self, number: signal.Signals) -> None:
        for pid in [self.pid, *children(self.pid)]:
            with suppress(ProcessLookupError):
                os.kill(pid, number)


def children(pid: int) -> list[int]:
    """Return the ids of a process's children. Those of PostgreSQL have sessions of their own, so no process group has
    them all.
    """
    return [int(each) for each in Path(f"/proc/{pid}/task/{pid}/children").read_text("ascii").split()]
