"""Keys, made once, and a codec that has the first of them."""

import pytest

from app.adapters.jose.token_codec import JoseTokenCodec
from app.adapters.keys.pem import generate, stored_key
from app.domain.keys.stored_key import StoredKey

from .forging import Forger


@pytest.fixture(scope="session")
def key() -> StoredKey:
    """Return the key that signs."""
    return stored_key(generate(2048))


@pytest.fixture(scope="session")
def other_key() -> StoredKey:
    """Return a key that the codec does not know."""
    return stored_key(generate(2048), activates_at=2_000_000_000.0)


@pytest.fixture(scope="session")
def codec(key: StoredKey) -> JoseTokenCodec:
    """Return a codec with ``key``; what it remembers changes no outcome."""
    codec = JoseTokenCodec()
    codec.install([key])
    return codec


@pytest.fixture(scope="session")
def forger(key: StoredKey) -> Forger:
    """Return a forger that has ``key``."""
    return Forger(key)
