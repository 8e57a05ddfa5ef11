"""Encrypted signing keys as records."""

from ...domain.keys.stored_key import EncryptedKey
from .record import FORMAT, Fields, Record


def encrypted_key_record(key: EncryptedKey) -> Record:
    """Return the record of a signing key. ``sealed`` is the encrypted private key."""
    return {
        "format": FORMAT,
        "kid": key.kid,
        "follows": key.follows,
        "published_at": key.published_at,
        "activates_at": key.activates_at,
        "sealed": key.encrypted,
    }


def encrypted_key_of(record: Record) -> EncryptedKey:
    """Return the signing key of a record; raises ``UnreadableRecord``."""
    fields = Fields(record)
    return EncryptedKey(
        fields.text("kid"),
        fields.text("follows"),
        fields.time("published_at"),
        fields.time("activates_at"),
        fields.text("sealed"),
    )
