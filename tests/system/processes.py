"""Starts the service and commands in processes of their own."""

import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import MappingProxyType
from typing import Final

ROOT: Final = Path(__file__).parents[2]

PREPARED: Final = (ROOT / ".venv" / ".develop.sha256").exists()
"""Whether the scripts have a complete environment, so that they need no network."""

SERVE: Final = (sys.executable, "-m", "app", "serve")

TIMEOUT_SECONDS: Final = 20.0
"""A limit for what usually takes much less time: the machine may be busy."""

NO_SETTINGS: Final[Mapping[str, str]] = MappingProxyType({})

_ISSUER: Final = {"ISSUER": "http://127.0.0.1:8080"}
"""Tokens stay valid when a test starts the service again, and at another instance: both have another port."""

_CHEAP_HASHES: Final = {"PASSWORD_HASH_MEMORY": "8192", "PASSWORD_HASH_ITERATIONS": "1"}
_NO_LIMITS: Final = {
    f"{name}_BUDGET": "1000000/1s"
    for name in ("LOGIN_ACCOUNT", "LOGIN_ADDRESS", "LOGIN_DEVICE", "LOGIN_NETWORK", "REFRESH", "TOKEN")
}
"""In most tests many clients sign in from one address as one user."""

TEST_SETTINGS: Final = {"PORT": "0", **_ISSUER, "REFRESH_TIMEOUT": "20s", **_CHEAP_HASHES, **_NO_LIMITS}
"""The settings of a service, unless a test gives others."""

_STEP_SECONDS: Final = 0.01


class Service:
    """A running service: its output, its log and its process."""

    def __init__(
        self, process: subprocess.Popen[bytes], output: Path, log: Path, announcement: str, start_seconds: float
    ) -> None:
        self._process = process
        self._output = output
        self._log = log
        self.url = self._wait_for(announcement, self._output, start_seconds)
        port = self.url.rpartition(":")[2]
        self.port = int(port) if port.isdecimal() else 0

    @property
    def pid(self) -> int:
        """Return the process id."""
        return self._process.pid

    def is_running(self) -> bool:
        """Return whether the process has not ended."""
        return self._process.poll() is None

    def wait_for_output(self, pattern: str) -> str:
        """Wait until the output matches ``pattern``. Return the first group."""
        return self._wait_for(pattern, self._output)

    def wait_for_log(self, pattern: str) -> str:
        """Wait until the log matches ``pattern``. Return the first group."""
        return self._wait_for(pattern, self._log)

    def log(self) -> str:
        """Return the log so far."""
        return self._log.read_text("utf-8")

    def send_signal(self, number: signal.Signals) -> None:
        """Send a signal to the process."""
        self._process.send_signal(number)

    def exit_status(self) -> int:
        """Wait for the end of the process. Return its exit status, which is negative after a signal."""
        return self._process.wait(TIMEOUT_SECONDS)

    def _wait_for(self, pattern: str, file: Path, seconds: float = TIMEOUT_SECONDS) -> str:
        deadline = time.monotonic() + seconds
        while (found := re.search(pattern, file.read_text("utf-8"))) is None:
            assert self._process.poll() is None, f"the service ended early:\n{self.log()}"
            assert time.monotonic() < deadline, f"not found in time: {pattern}\n{self.log()}"
            time.sleep(_STEP_SECONDS)
        return found[1]


def environment(settings: Mapping[str, str]) -> dict[str, str]:
    """Return this process's environment with these settings and no others. Their names have no prefix."""
    others = {name: value for name, value in os.environ.items() if not name.startswith("KEYTURN_")}
    return others | {f"KEYTURN_{name}": value for name, value in settings.items()}


@contextmanager
def running(
    folder: Path,
    settings: Mapping[str, str] = NO_SETTINGS,
    *,
    command: Sequence[str | Path] = SERVE,
    directory: Path = ROOT,
    announcement: str = r"listens at (\S+)\n",
    variables: Mapping[str, str] = NO_SETTINGS,
    start_seconds: float = TIMEOUT_SECONDS,
    without: Collection[str] = (),
) -> Iterator[Service]:
    """Start the service on a free port, yield it when it listens, and kill it at the end.

    ``folder`` gets its output and its log. For another program, ``announcement`` is the pattern of the line that names
    its URL. ``variables`` are further environment variables. The service has none of the settings ``without``.
    """
    output, log = folder / "output", folder / "log"
    given = {name: value for name, value in {**TEST_SETTINGS, **settings}.items() if name not in without}
    every = environment(given) | {"PYTHONUNBUFFERED": "1", **variables}
    with output.open("wb") as out, log.open("wb") as err:
        process = subprocess.Popen(command, cwd=directory, env=every, stdout=out, stderr=err)
    try:
        yield Service(process, output, log, announcement, start_seconds)
    finally:
        process.kill()
        process.wait()


def run(
    *command: str | Path,
    directory: Path = ROOT,
    variables: Mapping[str, str] = NO_SETTINGS,
    timeout: float = 6 * TIMEOUT_SECONDS,
    typed: str | None = None,
) -> subprocess.CompletedProcess[str]:
    """Run a command to its end, at most ``timeout`` seconds. The environment has no settings, only ``variables``."""
    return subprocess.run(
        command,
        cwd=directory,
        env={**environment(NO_SETTINGS), **variables},
        capture_output=True,
        text=True,
        input=typed,
        timeout=timeout,
        check=False,
    )
