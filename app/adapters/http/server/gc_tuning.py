"""Garbage collection that does not stop the event loop for long."""

import gc
from typing import Final

_THRESHOLDS: Final = (5_000, 4, 100)
"""After 5,000 objects more than before the new ones are looked at, after 4 times that the 20,000 newest, which takes
some milliseconds, and after 100 times that all.
"""


def tune_gc() -> None:
    """Look no more at the objects that there are now, and at all of those to come seldom.

    To be called when the process has started: what it has then it keeps. A full collection looks at every object at
    once, and with Python's thresholds some thousand new connections cause several.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(*_THRESHOLDS)
