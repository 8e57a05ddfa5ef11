"""How long people wait: for the first start of a fresh clone, for each later one, and for the help."""

import os
import shutil
import signal
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

from .figures import Figure
from .rounds import Reading

_ROOT: Final = Path(__file__).parents[2]
_PARTS: Final = ("app", "scripts", "requirements")
_REPEATED: Final = 5
_COLD_AIM: Final = 25.0
_WARM_AIM: Final = 1.5
_HELP_AIM: Final = 0.4


def starts(cold_starts: int) -> Iterator[Figure]:
    """Yield the wall-clock times of a cold start, a warm start and ``--help``, beside that of an empty Python program.

    The least of the cold starts counts, because the first one may fill the cache of packages. Without cold starts the
    environment of this program serves the others.
    """
    with TemporaryDirectory() as folder:
        clone = _ROOT
        if cold_starts:
            clone = Path(folder)
            for each in _PARTS:
                shutil.copytree(_ROOT / each, clone / each, ignore=shutil.ignore_patterns("__pycache__"))
            yield _figure("cold start of scripts/serve", min(_cold_start(clone) for _ in range(cold_starts)), _COLD_AIM)
        serve = str(clone / "scripts" / "serve")
        yield _figure("warm start of scripts/serve", _median(lambda: _seconds_until_listening(serve)), _WARM_AIM)
        help_command = [str(clone / "scripts" / "keyturn"), "--help"]
        yield _figure("scripts/keyturn --help", _median(lambda: _seconds_of(help_command)), _HELP_AIM)


def _cold_start(clone: Path) -> float:
    shutil.rmtree(clone / ".venv", ignore_errors=True)
    return _seconds_until_listening(str(clone / "scripts" / "serve"))


def _seconds_until_listening(serve: str) -> float:
    """Return the seconds until the service says that it listens. Raises ``SystemExit`` if it does not start."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("KEYTURN_")}
    since = time.perf_counter()
    process = subprocess.Popen(  # noqa: S603  # our own program
        [serve], env={**environment, "KEYTURN_PORT": "0"}, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    assert process.stdout is not None  # noqa: S101  # it is a pipe
    line = process.stdout.readline()
    seconds = time.perf_counter() - since
    process.send_signal(signal.SIGTERM)
    _, log = process.communicate()
    if not line:
        raise SystemExit(f"The service did not start:\n{log}")
    return seconds


def _seconds_of(command: list[str]) -> float:
    since = time.perf_counter()
    subprocess.run(command, check=True, capture_output=True)  # noqa: S603  # our own program
    return time.perf_counter() - since


def _median(measure: Callable[[], float]) -> float:
    return statistics.median(measure() for _ in range(_REPEATED))


def _figure(name: str, seconds: float, aim: float) -> Figure:
    limit = _median(lambda: _seconds_of([sys.executable, "-I", "-c", ""]))
    ratio = seconds / limit
    return Figure(
        name=name,
        unit="ms",
        cost=seconds * 1e3,
        limit=limit * 1e3,
        limit_name="an empty Python program",
        reading=Reading.TIMES.name,
        ratio=ratio,
        low=ratio,
        high=ratio,
        cost_aim=aim * 1e3,
    )
