"""Memory into which the event loop receives."""

from typing import Final

_LARGER_THAN_A_BUFFER: Final = 1024 * 1024


def keep_receive_buffers() -> None:
    """Let the C library keep memory that the event loop receives into. Call this once, at start.

    asyncio receives into a new block of 256 KiB each time. glibc asks the kernel for each block of 128 KiB or more, and
    gives it back, which takes a quarter of the time of a small request. Once a larger block was freed, glibc asks only
    for blocks that are larger still (M_MMAP_THRESHOLD in mallopt(3)). With other libraries this call does nothing.
    """
    bytes(_LARGER_THAN_A_BUFFER)
