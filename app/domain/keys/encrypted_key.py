"""A signing key as a shared store keeps it."""

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class EncryptedKey:
    """A signing key whose private half is ``encrypted``: a JWE (RFC 7516) in compact serialization. Times are seconds
    since the epoch; ``follows`` is the ``kid`` of the key that activates before it, "" for the first of all.
    """

    kid: str
    follows: str
    published_at: float
    activates_at: float
    encrypted: str = field(repr=False)
