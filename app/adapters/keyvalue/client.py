"""What a store of keys and values can do: three operations, and how its client opens and closes."""

from collections.abc import Collection, Mapping, Sequence
from typing import Final, NamedTuple, Protocol

ABSENT: Final = 0
"""The revision of a key that is not there."""


class Entry(NamedTuple):
    """A key with its value. ``revision`` is positive, changes with each change of the key, and never comes back, also
    if the key was deleted in between.
    """

    key: bytes
    value: bytes
    revision: int


class KeyValueClient(Protocol):
    """Connects to a store of keys and values. Keys have at most 64 bytes after the prefix of the store, values at most
    32 KiB (their limits: ``app.adapters.records.limits``).

    Each operation sees every change that was acknowledged before it. It raises ``StoreUnavailable`` with what the store
    said, if the store refuses. Every exception of ``failures`` becomes ``StoreUnavailable`` without such a sentence.
    No operation needs a time limit of its own, because the whole act has one.
    """

    failures: tuple[type[Exception], ...]
    """The exceptions of the driver that mean: no answer."""

    most_changes: int
    """How many puts, deletes and expected revisions one ``commit`` may have. At least 16."""

    async def open(self) -> None:
        """Prepare to connect. It may connect with the first operation instead."""
        ...

    async def close(self) -> None:
        """Disconnect. It may be called in any state."""
        ...

    async def get(self, keys: Sequence[bytes]) -> Sequence[Entry]:
        """Return the entries of those of ``keys`` (at most 100) that are there, in any order."""
        ...

    async def range(self, start: bytes, end: bytes, *, limit: int) -> Sequence[Entry]:
        """Return the first entries from ``start`` to before ``end``, at most ``limit`` (up to 1,000), in the order of
        the bytes of their keys. They are fewer only if no more follow.
        """
        ...

    async def commit(
        self, expected: Mapping[bytes, int], puts: Mapping[bytes, bytes], deletes: Collection[bytes]
    ) -> bool:
        """Make all changes or none, durably, if each key of ``expected`` still has this revision (``ABSENT``: it is not
        there); return whether they were made.

        ``False`` must mean that nothing was changed. So never send a commit again whose answer did not come: the first
        one may have been done. Raise instead. No key is in both ``puts`` and ``deletes``.
        """
        ...
