"""A service that is sampled while it serves."""

import json
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

from . import cores, servers
from .load import Server
from .processes import running

_REPORT_SECONDS: Final = 10.0
_STEP_SECONDS: Final = 0.01


class Sampling:
    """Starts and ends the sampling in a service."""

    def __init__(self, process: subprocess.Popen[str], report: Path) -> None:
        self._process = process
        self._report = report

    def start(self) -> None:
        """Begin to sample."""
        self._process.send_signal(signal.SIGUSR1)

    def finish(self) -> dict[str, Any]:
        """End the sampling. Return the number of ``samples`` and the CPU seconds of the ``parts``."""
        self._process.send_signal(signal.SIGUSR2)
        until = time.monotonic() + _REPORT_SECONDS
        while not self._report.exists():
            if time.monotonic() > until:
                raise SystemExit("The sampled service wrote no report.")
            time.sleep(_STEP_SECONDS)
        found: dict[str, Any] = json.loads(self._report.read_text("ascii"))
        return found


@contextmanager
def sampled_service(settings: Mapping[str, str], sessions: range) -> Iterator[tuple[Server, Sampling]]:
    """Run the service with a sampler in its process. Yield it and the means to start and end the sampling. It
    begins with sessions of these numbers.
    """
    with tempfile.TemporaryDirectory() as folder:
        report = Path(folder) / "profile.json"
        environment = {**servers.environment(settings, sessions), "PROFILE": str(report)}
        arguments = ["-m", "scripts.benchmark.profiled", "serve"]
        with running(arguments, environment, (cores.MEASURED,)) as (process, announcement):
            server = Server(pid=process.pid, port=servers.port_of(announcement), sessions=sessions)
            yield server, Sampling(process, report)
