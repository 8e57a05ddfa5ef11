"""Signing keys in a shared store."""

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class EncryptedKey:
    """A signing key as a shared store has it.

    ``encrypted`` is the private key, encrypted as a JWE (RFC 7516) in compact serialization. ``follows`` is the ``kid``
    of the key that activates before this one; the first key has "". Times are seconds since the epoch.
    """

    kid: str
    follows: str
    published_at: float
    activates_at: float
    encrypted: str = field(repr=False)
