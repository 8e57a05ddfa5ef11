"""Signing keys with their key material, which the domain passes between ports and never reads."""

from dataclasses import dataclass, field

from .signing_key import SigningKey


@dataclass(frozen=True, slots=True)
class StoredKey:
    """A signing key and its private key: ``pkcs8`` is PKCS #8 in unencrypted DER (RFC 5208)."""

    key: SigningKey
    pkcs8: bytes = field(repr=False)


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
