"""Python imports this file at its start if its folder is in ``PYTHONPATH``: it times each step of the event loop.

The file that ``TIMED_STEPS`` names gets a line for each step that took longer than all before: its time (ms), the part
of it in which the thread had a processor, and what ran.
"""

import os
from asyncio import Handle
from pathlib import Path
from time import perf_counter, thread_time

_FILE = Path(os.environ["TIMED_STEPS"])
_run = Handle._run
_longest = [0.001]


def _timed(handle: Handle) -> None:
    begun, worked = perf_counter(), thread_time()
    _run(handle)
    took = perf_counter() - begun
    if took > _longest[0]:
        _longest[0] = took
        with _FILE.open("a", encoding="utf-8") as file:
            file.write(f"{1000 * took:.1f} {1000 * (thread_time() - worked):.1f} {handle!r}\n")


Handle._run = _timed  # type: ignore[method-assign, assignment]
