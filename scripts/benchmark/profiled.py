"""Runs the service with sessions, as seeded.py does, and samples what it does. The arguments are those of ``keyturn``.

SIGUSR1 starts the sampling. SIGUSR2 ends it and writes the samples to the file that the variable PROFILE names.

The kernel interrupts the main thread after each clock tick of its own CPU time (4 ms on most machines). Python runs the
handler as soon as the C function that is running has returned, in the frame that called it. So a signature counts for
the line that asked for it. Other threads have no timer: their CPU time is read from the kernel, and their frames at the
interrupts of the main thread say what it was used for.
"""

import ctypes
import json
import os
import signal
import sys
import threading
from collections import Counter, defaultdict
from pathlib import Path
from types import FrameType
from typing import Any, Final

from app.cli import main

from .parts import OTHER, part_of
from .seeded import seed_at_start

_CLOCK_THREAD_CPUTIME_ID: Final = 3
_SIGEV_THREAD_ID: Final = 4
_INTERVAL_NANOSECONDS: Final = 1_000_000


class _SigEvent(ctypes.Structure):
    """``struct sigevent`` of Linux (sigevent(3type)): 64 bytes."""

    _fields_ = (
        ("value", ctypes.c_void_p),
        ("signo", ctypes.c_int),
        ("notify", ctypes.c_int),
        ("thread_id", ctypes.c_int),
        ("padding", ctypes.c_int * 11),
    )


class Sampler:
    """Counts the samples of each part, for the main thread and for the others."""

    def __init__(self, report: Path) -> None:
        self._report = report
        self._samples: dict[int, Counter[str]] = defaultdict(Counter)
        self._used: dict[int, float] = {}
        self._sampling = False

    def install(self) -> None:
        """Wait for the signals."""
        signal.signal(signal.SIGUSR1, self._start)
        signal.signal(signal.SIGUSR2, self._finish)
        signal.signal(signal.SIGPROF, self._sample)

    def _start(self, *_: object) -> None:
        self._used = _thread_seconds()
        self._sampling = True
        _interrupt_this_thread()

    def _sample(self, _: int, frame: FrameType | None) -> None:
        if not self._sampling:
            return
        main_thread = threading.main_thread()
        self._samples[threading.get_native_id()][part_of(frame)] += 1
        frames = sys._current_frames()  # noqa: SLF001  # the only way to see other threads
        for thread in threading.enumerate():
            if thread is not main_thread and thread.native_id is not None and thread.ident in frames:
                self._samples[thread.native_id][part_of(frames[thread.ident])] += 1

    def _finish(self, *_: object) -> None:
        """Write the CPU seconds of each part since the start, and the number of samples of the main thread."""
        self._sampling = False
        parts: Counter[str] = Counter()
        for thread, seconds in _thread_seconds().items():
            for part, share in _shares(self._samples[thread]).items():
                parts[part] += share * (seconds - self._used.get(thread, 0.0))  # type: ignore[assignment]  # seconds
        samples = self._samples[threading.get_native_id()].total()
        written = self._report.with_suffix(".part")
        written.write_text(json.dumps({"samples": samples, "parts": parts}), "ascii")
        written.rename(self._report)


def _shares(samples: Counter[str]) -> dict[str, float]:
    """Return the share of each part. A thread that is mostly idle counts by what it does when it is not."""
    known = {part: count for part, count in samples.items() if part != OTHER} or {OTHER: 1}
    return {part: count / sum(known.values()) for part, count in known.items()}


def _thread_seconds() -> dict[int, float]:
    """Return the CPU seconds of each thread of this process."""
    seconds = {}
    for each in Path("/proc/self/task").iterdir():
        seconds[int(each.name)] = int((each / "schedstat").read_text("ascii").split()[0]) / 1e9
    return seconds


def _interrupt_this_thread() -> None:
    """Let the kernel send SIGPROF to this thread, again and again, by its own CPU time (timer_create(2))."""
    libc: Any = ctypes.CDLL(None, use_errno=True)
    event = _SigEvent(signo=signal.SIGPROF, notify=_SIGEV_THREAD_ID, thread_id=threading.get_native_id())
    timer = ctypes.c_void_p()
    interval = (ctypes.c_long * 4)(0, _INTERVAL_NANOSECONDS, 0, _INTERVAL_NANOSECONDS)
    if libc.timer_create(_CLOCK_THREAD_CPUTIME_ID, ctypes.byref(event), ctypes.byref(timer)) or libc.timer_settime(
        timer, 0, ctypes.byref(interval), None
    ):
        raise OSError(ctypes.get_errno(), "there is no timer for the CPU time of a thread")


if __name__ == "__main__":
    Sampler(Path(os.environ.pop("PROFILE"))).install()
    seed_at_start()
    sys.exit(main())
