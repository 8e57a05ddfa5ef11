"""Garbage collection that does not stop the event loop for long."""

import gc
from typing import Final

_YOUNG: Final = 20_000
"""Objects more than before, after which the young ones are looked at: about what 500 new connections are made of."""


def spare_what_stays() -> None:
    """Look no more at the objects that there are now, and less often at those to come.

    To be called when the process has started: what it has then it keeps. A full collection looks at every object at
    once, and with Python's thresholds some thousand new connections cause several.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(_YOUNG, 10, 20)
