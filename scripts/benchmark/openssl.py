"""The same signature by the ``openssl`` of the machine, if there is one. Two programs that agree are a better limit."""

import shutil
import subprocess
from typing import Final

from . import cores
from .figures import Figure
from .laboratory import Laboratory
from .operations import SIGN
from .rounds import Reading

_SECONDS: Final = 1


def signature_figures(lab: Laboratory) -> list[Figure]:
    """Return the cost of ``key.sign`` of cryptography compared with ``openssl speed rsa2048``; empty without it."""
    program = shutil.which("openssl")
    if program is None:
        return []
    before = lab.operation(SIGN)().cpu
    with cores.children_run_on(cores.MEASURED):
        command = (program, "speed", "-mr", "-seconds", str(_SECONDS), "rsa2048")
        done = subprocess.run(command, capture_output=True, text=True, check=True)  # noqa: S603  # no input of others
    cost = (before + lab.operation(SIGN)().cpu) / 2
    limit = 1 / _signatures_per_second(done.stdout)
    ratio = cost / limit
    return [
        Figure(
            name="raw RSA-2048 signature, by cryptography",
            unit="µs",
            cost=cost * 1e6,
            limit=limit * 1e6,
            limit_name="openssl speed rsa2048",
            reading=Reading.TIMES.name,
            ratio=ratio,
            low=ratio,
            high=ratio,
        )
    ]


def _signatures_per_second(report: str) -> float:
    """Return the third number of the line of results: ``+F2:2:2048:`` and the rates of signing and verifying."""
    (line,) = [line for line in report.splitlines() if line.startswith("+F2:")]
    return float(line.split(":")[3])
