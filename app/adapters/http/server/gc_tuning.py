"""Garbage collection that does not stop the event loop for long."""

import gc
from typing import Final

_THRESHOLDS: Final = (20_000, 1, 100)
"""A collection of the youngest objects runs when there are 20,000 more than before. Every second also covers the next
generation, some 60,000 objects, and takes about 10 milliseconds. A full collection is rare.

A request that waits has about a hundred objects. So with 5,000, the queue of an overloaded service, which is never
equally long, caused a collection several times a second, and each visited all that wait in vain.
"""


def tune_gc() -> None:
    """Exclude all existing objects from garbage collection, and make full collections rare. Call this once, after
    start.

    A full collection visits every object at once. With Python's thresholds, a few thousand connections cause several.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(*_THRESHOLDS)
