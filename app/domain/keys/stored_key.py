"""Signing keys with their key material, which the domain passes between ports and never reads."""

from dataclasses import dataclass, field

from .signing_key import SigningKey


@dataclass(frozen=True, slots=True)
class StoredKey:
    """A signing key, its private key for the signer, and its public key for those who verify.

    ``pkcs8`` is PKCS #8 in unencrypted DER (RFC 5208), and empty if the private key never leaves a system that signs
    for this service. ``public_key`` is a SubjectPublicKeyInfo in DER (RFC 5280 §4.1.2.7). ``fault`` says why the key
    material cannot be read, and what to do; then both are empty, and the key can neither sign nor verify here.
    """

    key: SigningKey
    pkcs8: bytes = field(repr=False)
    public_key: bytes = field(default=b"", repr=False)
    fault: str = ""


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
