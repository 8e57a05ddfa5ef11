"""Python imports this file at its start if its folder is in ``PYTHONPATH``: it times each step of the event loop.

The file that ``TIMED_STEPS`` names gets a line for each step that took longer than all before: its time (ms), the time
on the clock (ms), and what ran. The first is not more than the time that all threads of the process had a processor. So
a step counts while another thread holds the lock of Python, but not while other programs have all processors.

The steps before the service changes the thresholds of the garbage collector do not count: then it imports and builds
the application, and has not begun to load or to listen.
"""

import gc
import os
from asyncio import Handle
from pathlib import Path
from time import perf_counter, process_time

_FILE = Path(os.environ["TIMED_STEPS"])
_run = Handle._run
_longest = [0.001]
_at_first = gc.get_threshold()


def _timed(handle: Handle) -> None:
    counts = gc.get_threshold() != _at_first
    begun, worked = perf_counter(), process_time()
    _run(handle)
    passed = perf_counter() - begun
    took = min(passed, process_time() - worked)
    if counts and took > _longest[0]:
        _longest[0] = took
        with _FILE.open("a", encoding="utf-8") as file:
            file.write(f"{1000 * took:.1f} {1000 * passed:.1f} {handle!r}\n")


Handle._run = _timed  # type: ignore[method-assign, assignment]
