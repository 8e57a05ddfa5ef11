"""Starts the programs that are measured, and ends them."""

import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import IO, Final

from . import cores

_SHUTDOWN_SECONDS: Final = 10


@contextmanager
def running(
    arguments: list[str], environment: Mapping[str, str], on: Sequence[int]
) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """Start Python on these cores, with its log in a file. Yield the process and the first line that it prints."""
    with tempfile.TemporaryFile("w+") as log:
        with cores.children_run_on(*on):
            process = subprocess.Popen(  # noqa: S603  # our own program
                [sys.executable, *arguments], env=environment, stdout=subprocess.PIPE, stderr=log, text=True
            )
        try:
            yield process, _announcement(process, log)
        finally:
            process.terminate()
            try:
                process.wait(_SHUTDOWN_SECONDS)
            except subprocess.TimeoutExpired:
                process.kill()
            process.communicate()


def _announcement(process: subprocess.Popen[str], log: IO[str]) -> str:
    assert process.stdout is not None  # noqa: S101  # it is a pipe
    line = process.stdout.readline().strip()
    if not line:
        process.wait(_SHUTDOWN_SECONDS)
        log.seek(0)
        raise SystemExit(f"A server did not start:\n{log.read()}")
    return line
