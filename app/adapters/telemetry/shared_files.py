"""The files in which the workers count: each worker has its own files, and together they have all metrics."""

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

FOLDER: Final = "PROMETHEUS_MULTIPROC_DIR"
"""The environment variable that names the folder. prometheus-client reads it when it is imported, and later."""

_PREFIX: Final = "keyturn-metrics-"


@contextmanager
def shared_files() -> Iterator[None]:
    """Let processes that are forked in this context count in files, which are deleted at its end.

    prometheus-client must not have been imported before. The counters of a process stay when it ends.
    """
    parent = os.getpid()
    folder = os.environ[FOLDER] = tempfile.mkdtemp(prefix=_PREFIX)
    try:
        yield
    finally:
        if os.getpid() == parent:  # a worker that exits runs this code too
            shutil.rmtree(folder, ignore_errors=True)
            del os.environ[FOLDER]


def count_alone() -> None:
    """Let this process count in memory, unless the folder in its environment was made by ``shared_files``."""
    if not Path(os.environ.get(FOLDER, "")).name.startswith(_PREFIX):
        os.environ.pop(FOLDER, None)


def delete_gauges(pid: int) -> None:
    """Delete the gauges of a worker that has ended."""
    if FOLDER in os.environ:
        from prometheus_client.multiprocess import mark_process_dead  # noqa: PLC0415  # see shared_files

        mark_process_dead(pid)  # type: ignore[no-untyped-call]  # it has no types
