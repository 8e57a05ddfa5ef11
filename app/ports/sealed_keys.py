"""Signing keys in a shared store, which cannot read them."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Protocol


@dataclass(frozen=True, slots=True)
class SealedKey:
    """A signing key whose private half is ``sealed``: a JWE (RFC 7516) in compact serialization. Times are seconds
    since the epoch; ``follows`` is the ``kid`` of the key that activates before it, "" for the first of all.
    """

    kid: str
    follows: str
    published_at: float
    activates_at: float
    sealed: str = field(repr=False)


class SealedKeyRepository(Protocol):
    """Keeps sealed keys. Each method is one atomic act, and its effect is durable when it returns; each raises
    ``StoreUnavailable`` when the store does not answer.
    """

    async def all(self) -> Sequence[SealedKey]:
        """Return every key, in no order."""
        ...

    async def add(self, key: SealedKey) -> bool:
        """Keep a new key, unless there is one of its ``kid`` or with its ``follows``; return whether this call did."""
        ...

    async def reschedule(self, kid: str, *, expected: float, activates_at: float) -> bool:
        """Set ``activates_at`` if it is ``expected`` so far; return whether this call did."""
        ...

    async def reseal(self, kid: str, *, expected: str, sealed: str) -> bool:
        """Put ``sealed`` in the place of ``expected``; return whether this call did."""
        ...

    async def remove(self, kid: str) -> bool:
        """Delete a key; return whether this call did."""
        ...


class KeySealer(Protocol):
    """Encrypts private keys. It does no I/O."""

    def seal(self, pkcs8: bytes, *, kid: str) -> str:
        """Return the private half of a key, sealed by the newest encryption key."""
        ...

    def open(self, sealed: str, *, kid: str) -> bytes:
        """Return what ``seal`` was given, by whichever encryption key; raises ``ConfigurationError`` if none opens it,
        or it was sealed for another ``kid``.
        """
        ...

    def is_current(self, sealed: str) -> bool:
        """Tell whether it was sealed by the newest encryption key."""
        ...
