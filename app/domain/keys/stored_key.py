"""A signing key with its key material. The domain passes it from a key store to the codec, and never reads it."""

from dataclasses import dataclass, field

from .signing_key import SigningKey


@dataclass(frozen=True, slots=True)
class StoredKey:
    """``pkcs8`` is the private key in PKCS #8, as unencrypted DER."""

    key: SigningKey
    pkcs8: bytes = field(repr=False)
