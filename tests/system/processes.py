"""Processes of their own: the service, started as a user would start it, and commands."""

import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import MappingProxyType
from typing import Final

ROOT: Final = Path(__file__).parents[2]

PREPARED: Final = (ROOT / ".venv" / ".develop.sha256").exists()
"""Whether the scripts find their environment, and need no network to make it."""

SERVE: Final = (sys.executable, "-m", "app", "serve")

PATIENCE_SECONDS: Final = 20.0
"""How long to wait for what should come at once: a machine can be busy."""

NONE: Final[Mapping[str, str]] = MappingProxyType({})

_CHEAP_HASHES: Final = {"PASSWORD_HASH_MEMORY": "8192", "PASSWORD_HASH_ITERATIONS": "1"}
_NO_LIMITS: Final = {
    f"{name}_BUDGET": "1000000/1s"
    for name in ("LOGIN_ACCOUNT", "LOGIN_ADDRESS", "LOGIN_DEVICE", "LOGIN_NETWORK", "REFRESH")
}
"""Many people sign in from one address, as one."""
_STEP_SECONDS: Final = 0.01


class Service:
    """A running service: what it has printed and logged, and its end."""

    def __init__(self, process: subprocess.Popen[bytes], output: Path, log: Path, announcement: str) -> None:
        self._process = process
        self._output = output
        self._log = log
        self.url = self.printed(announcement)
        self.port = int(self.url.rpartition(":")[2])

    @property
    def pid(self) -> int:
        """Return its process id."""
        return self._process.pid

    def runs(self) -> bool:
        """Tell whether it has not ended."""
        return self._process.poll() is None

    def printed(self, pattern: str) -> str:
        """Wait until it has printed what matches ``pattern``; return the first group."""
        return self._wait_for(pattern, self._output)

    def logged(self, pattern: str) -> str:
        """Wait until it has logged what matches ``pattern``; return the first group."""
        return self._wait_for(pattern, self._log)

    def log(self) -> str:
        """Return what it has logged so far."""
        return self._log.read_text("utf-8")

    def send(self, number: signal.Signals) -> None:
        """Send it a signal."""
        self._process.send_signal(number)

    def exit_status(self) -> int:
        """Wait for its end and return its exit status; that of a signal is negative."""
        return self._process.wait(PATIENCE_SECONDS)

    def _wait_for(self, pattern: str, file: Path) -> str:
        deadline = time.monotonic() + PATIENCE_SECONDS
        while (found := re.search(pattern, file.read_text("utf-8"))) is None:
            assert self._process.poll() is None, f"the service ended early:\n{self.log()}"
            assert time.monotonic() < deadline, f"never came: {pattern}\n{self.log()}"
            time.sleep(_STEP_SECONDS)
        return found[1]


def environment(settings: Mapping[str, str]) -> dict[str, str]:
    """Return this process's environment with ``settings``, names without the prefix, and no other settings."""
    foreign = {name: value for name, value in os.environ.items() if not name.startswith("KEYTURN_")}
    return foreign | {f"KEYTURN_{name}": value for name, value in settings.items()}


@contextmanager
def running(
    folder: Path,
    settings: Mapping[str, str] = NONE,
    *,
    command: Sequence[str | Path] = SERVE,
    directory: Path = ROOT,
    announcement: str = r"listens at (\S+)\n",
) -> Iterator[Service]:
    """Start the service on a free port, yield it once it listens, and end it whatever happens.

    ``folder`` is where its output goes. Another program can be run so, whose ``announcement`` matches its URL.
    """
    output, log = folder / "output", folder / "log"
    variables = environment({"PORT": "0", **_CHEAP_HASHES, **_NO_LIMITS, **settings}) | {"PYTHONUNBUFFERED": "1"}
    with output.open("wb") as out, log.open("wb") as err:
        process = subprocess.Popen(command, cwd=directory, env=variables, stdout=out, stderr=err)
    try:
        yield Service(process, output, log, announcement)
    finally:
        process.kill()
        process.wait()


def run(
    *command: str | Path,
    directory: Path = ROOT,
    variables: Mapping[str, str] = NONE,
    patience: float = 6 * PATIENCE_SECONDS,
) -> subprocess.CompletedProcess[str]:
    """Run a command to its end, with ``variables`` added to the environment, in which there are no settings; it gets
    ``patience`` seconds.
    """
    return subprocess.run(
        command,
        cwd=directory,
        env={**environment(NONE), **variables},
        capture_output=True,
        text=True,
        timeout=patience,
        check=False,
    )
