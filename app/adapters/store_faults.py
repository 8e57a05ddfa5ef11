"""What can be wrong with a store that half works, and the errors that say so."""

import time
from typing import Final, NamedTuple

from ..domain.errors import StoreUnavailable


class StoreFault(NamedTuple):
    """A kind of failure. ``name`` is a word of the log, of ``/readyz`` and of the metrics; ``mend`` is a sentence."""

    name: str
    mend: str


NO_ANSWER: Final = "no_answer"
DAMAGED: Final = "damaged"
DISK_ERROR: Final = "disk_error"
DISK_FULL: Final = "disk_full"
FILE_MISSING: Final = "file_missing"
FILE_REPLACED: Final = "file_replaced"
LOCKED: Final = "locked"
MEMORY_FULL: Final = "memory_full"
NO_PERMISSION: Final = "no_permission"
READ_ONLY: Final = "read_only"
REFUSED: Final = "refused"
STARTING: Final = "starting"
TOO_FEW_REPLICAS: Final = "too_few_replicas"
WRITES_BLOCKED: Final = "writes_blocked"

LASTING: Final = frozenset(
    {
        DAMAGED,
        DISK_ERROR,
        DISK_FULL,
        FILE_MISSING,
        FILE_REPLACED,
        MEMORY_FULL,
        NO_PERMISSION,
        READ_ONLY,
        TOO_FEW_REPLICAS,
    }
)
"""Faults that the next change meets, too, whatever it is. No client can cause one with its values."""

_REFUSAL_SECONDS: Final = 2.0


def unavailable(store: str, says: str, fault: StoreFault) -> StoreUnavailable:
    """Return the error for a fault of ``store``. ``says`` is the sentence of the driver, which has no secret."""
    return StoreUnavailable(text=f"{store}: {says.rstrip('.')}. {fault.mend}", fault=fault.name)


class RecentRefusal:
    """The last change that a store refused.

    A small change of a check can succeed where others fail: on a disk with room for one page, or with a permission for
    one table. So a store counts as unavailable for 2 seconds after each refusal.
    """

    def __init__(self) -> None:
        self._error: StoreUnavailable | None = None
        self._until = 0.0

    def note(self, error: StoreUnavailable) -> None:
        """Remember an error, if it says that the store refuses changes."""
        if error.fault in LASTING:
            self._error, self._until = error, time.monotonic() + _REFUSAL_SECONDS

    def check(self) -> None:
        """Raise the last error again for 2 seconds after it."""
        if self._error is not None and time.monotonic() < self._until:
            raise StoreUnavailable(text=str(self._error), fault=self._error.fault) from self._error.__cause__
        self._error = None
