"""Keys that are made once, and a codec with the first of them."""

import pytest

from app.adapters.jose.token_codec import JoseTokenCodec
from app.adapters.keys.rsa_key import generate_rsa_key, to_stored_key
from app.domain.keys.stored_key import StoredKey

from .forging import Forger


@pytest.fixture(scope="session")
def key() -> StoredKey:
    """Return the key that signs."""
    return to_stored_key(generate_rsa_key(2048))


@pytest.fixture(scope="session")
def other_key() -> StoredKey:
    """Return a key that the codec does not have."""
    return to_stored_key(generate_rsa_key(2048), activates_at=2_000_000_000.0)


@pytest.fixture(scope="session")
def codec(key: StoredKey) -> JoseTokenCodec:
    """Return a codec with ``key``. Its cache changes no outcome, so all tests share it."""
    codec = JoseTokenCodec()
    codec.install([key])
    return codec


@pytest.fixture(scope="session")
def forger(key: StoredKey) -> Forger:
    """Return a forger with ``key``."""
    return Forger(key)
