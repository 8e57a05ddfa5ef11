"""Garbage collection that does not stop the event loop for long."""

import gc
from typing import Final

_THRESHOLDS: Final = (5_000, 4, 100)
"""A collection of the youngest objects runs after 5,000 new ones. Every fifth also covers the next generation, some
20,000 objects, and takes a few milliseconds. A full collection is rare.
"""


def tune_gc() -> None:
    """Exclude all existing objects from garbage collection, and make full collections rare. Call this once, after
    start.

    A full collection visits every object at once. With Python's thresholds, a few thousand connections cause several.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(*_THRESHOLDS)
