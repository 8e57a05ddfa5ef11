"""A signing key with its private half."""

from dataclasses import dataclass, field

from .signing_key import SigningKey


@dataclass(frozen=True, slots=True)
class StoredKey:
    """A signing key with its private half, as PKCS #8 in unencrypted DER."""

    key: SigningKey
    pkcs8: bytes = field(repr=False)
