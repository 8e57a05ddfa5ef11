"""The unit of times to live in Redis."""

import math


def milliseconds(seconds: float) -> int:
    """Return a duration in whole milliseconds, rounded up, and 0 for a negative one."""
    return max(0, math.ceil(seconds * 1000))
