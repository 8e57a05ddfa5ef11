"""The limits of the operating system, beside what the settings need."""

import os
import resource
from collections.abc import AsyncIterator, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Final

from .examination import Examination
from .finding import Result, fault, ok, warning

_OTHER_FILES: Final = 64
"""Files that a worker has open besides its connections: libraries, the log, the event loop, keys."""

_FEW_CLIENTS: Final = 256
_MIB: Final = 1_048_576
_WORKER_MIB: Final = 100
"""Memory of one worker without passwords, sessions and users."""


async def open_files(examination: Examination) -> AsyncIterator[Result]:
    """Compare the files that a worker may open with the connections that it needs."""
    settings = examination.settings
    most, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    if most == resource.RLIM_INFINITY:
        yield ok("A process may open any number of files.")
        return
    clients = most - _OTHER_FILES - settings.store_connections * (2 if settings.session_url else 1)
    raise_it = "Raise the limit of open files (ulimit -n, or LimitNOFILE= of systemd)"
    if clients <= 0:
        yield fault(
            f"A process may open {most} files, which the connections to the stores take. {raise_it}, or lower"
            " KEYTURN_STORE_CONNECTIONS."
        )
    elif settings.connections_per_address is not None and settings.connections_per_address > clients:
        yield warning(
            f"KEYTURN_CONNECTIONS_PER_ADDRESS: one address may have {settings.connections_per_address} connections, and"
            f" a worker has files for {clients}, so that one client can lock out all others. Lower it. {raise_it}."
        )
    elif clients < _FEW_CLIENTS:
        yield warning(f"A process may open {most} files, enough for {clients} clients at once. {raise_it}.")
    else:
        yield ok(f"A process may open {most} files, enough for {clients} clients at once for each worker.")


async def memory(examination: Examination) -> AsyncIterator[Result]:
    """Compare the memory of this machine, or of this container, with what the workers need."""
    settings = examination.settings
    hashing = settings.workers * settings.hashing_threads * settings.password_hash_memory // 1024
    needed = hashing + settings.workers * _WORKER_MIB
    most = min(_memory_limits()) // _MIB
    text = (
        f"{settings.workers} worker(s) with {settings.hashing_threads} hashing thread(s) of"
        f" {settings.password_hash_memory} KiB each need about {needed} MiB, and {most} MiB may be used."
    )
    mend = "Lower KEYTURN_WORKERS, KEYTURN_PASSWORD_HASH_THREADS or KEYTURN_PASSWORD_HASH_MEMORY, or raise the limit."
    if hashing > most:
        yield fault(f"{text} {mend}")
    elif needed > most:
        yield warning(f"{text} {mend}")
    else:
        yield ok(text)


def _memory_limits() -> Iterator[int]:
    """Yield each limit in bytes: the machine's memory, and those of the control groups of this process."""
    yield os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    for file in _control_group_files():
        with suppress(OSError, ValueError):  # "max" means that there is no limit
            yield int(file.read_text("ascii"))


def _control_group_files() -> Iterator[Path]:
    root = Path("/sys/fs/cgroup")
    yield root / "memory.max"
    yield root / "memory" / "memory.limit_in_bytes"
    with suppress(OSError):
        for line in Path("/proc/self/cgroup").read_text("ascii").splitlines():
            number, _, path = line.partition("::")
            if number == "0" and path:
                group = root / path.strip("/")
                yield from (each / "memory.max" for each in (group, *group.parents) if root in each.parents)
