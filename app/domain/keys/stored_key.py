"""Signing keys with their key material, which the domain passes from a key store to the codec and never reads."""

from dataclasses import dataclass, field

from .signing_key import SigningKey


@dataclass(frozen=True, slots=True)
class StoredKey:
    """A signing key and its private key: ``pkcs8`` is PKCS #8 in unencrypted DER (RFC 5208)."""

    key: SigningKey
    pkcs8: bytes = field(repr=False)
