"""Garbage collection that does not stop the event loop for long."""

import gc
from typing import Final

_THRESHOLDS: Final = (20_000, 1, 100)
"""A collection of the youngest objects runs when there are 20,000 more than before. Every second also covers the next
generation, some 60,000 objects, and takes about 10 milliseconds. A full collection is rare.

A request that waits has about a hundred objects. So with 5,000, the queue of an overloaded service, which is never
equally long, caused a collection several times a second, and each visited all that wait in vain.
"""


def ease_gc() -> None:
    """Exclude all existing objects from garbage collection, and make full collections rare. Call this before the start,
    which reads a lot: each full collection would visit all modules again. It visits nothing itself, and what is garbage
    already stays.
    """
    gc.freeze()
    gc.set_threshold(*_THRESHOLDS)


def tune_gc() -> None:
    """Do the same after the start, without what is garbage by then. Call this once.

    A full collection visits every object at once. With Python's thresholds, a few thousand connections cause several.
    """
    gc.collect()
    ease_gc()
