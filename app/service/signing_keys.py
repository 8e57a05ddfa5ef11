"""Build the shared key ring, and the rotation of a key store that can be changed."""

from typing import Any

from ..adapters.jose.key_encryption import JoseKeyEncryption
from ..adapters.keys.shared import SharedKeyRing
from ..domain.errors import ConfigurationError
from ..domain.keys.rotation import KeyRotation
from ..ports.key_store import KeyStore
from ..ports.session_store import SessionStore


def shared_key_ring(store: SessionStore, encryption_keys: tuple[bytes, ...]) -> SharedKeyRing:
    """Return the key ring in the session store, encrypted; raises ``ConfigurationError`` if the store keeps no keys."""
    if store.signing_keys is None:
        raise ConfigurationError(
            "KEYTURN_KEY_ENCRYPTION_KEY: the store of the sessions keeps no signing keys; set KEYTURN_KEYS_DIR instead."
        )
    return SharedKeyRing(repository=store.signing_keys, encryption=JoseKeyEncryption(*encryption_keys))


def key_rotation(store: KeyStore, **parts: Any) -> KeyRotation | None:
    """Return the rotation of the keys in ``store``, or ``None`` if they cannot be changed."""
    return None if store.ring is None else KeyRotation(ring=store.ring, **parts)
