"""Files in which several workers count, each in its own; together they are what the service has counted."""

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

FOLDER: Final = "PROMETHEUS_MULTIPROC_DIR"
"""Where prometheus-client looks for the folder of these files, as it is imported and later."""


_PREFIX: Final = "keyturn-metrics-"


@contextmanager
def shared_files() -> Iterator[None]:
    """Let the processes that are forked meanwhile count together, in files that are gone in the end.

    prometheus-client must not have been imported before. What a process counted stays when it dies.
    """
    parent = os.getpid()
    folder = os.environ[FOLDER] = tempfile.mkdtemp(prefix=_PREFIX)
    try:
        yield
    finally:
        if os.getpid() == parent:  # a worker ends by an exception that comes past here too
            shutil.rmtree(folder, ignore_errors=True)
            del os.environ[FOLDER]


def count_alone() -> None:
    """Let this process count in its memory, whatever folder its environment names, unless that is one of ours."""
    if not Path(os.environ.get(FOLDER, "")).name.startswith(_PREFIX):
        os.environ.pop(FOLDER, None)


def forget_gauges(pid: int) -> None:
    """Forget how things stood in a worker that has died."""
    if FOLDER in os.environ:
        from prometheus_client.multiprocess import mark_process_dead  # noqa: PLC0415  # see above

        mark_process_dead(pid)  # type: ignore[no-untyped-call]  # it has no types
