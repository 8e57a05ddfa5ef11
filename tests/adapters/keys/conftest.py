"""Keys, made once."""

import pytest
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, generate_private_key


@pytest.fixture(scope="session")
def private_key() -> RSAPrivateKey:
    """Return a sound key."""
    return generate_private_key(public_exponent=65537, key_size=2048)


@pytest.fixture(scope="session")
def another_private_key() -> RSAPrivateKey:
    """Return another sound key."""
    return generate_private_key(public_exponent=65537, key_size=2048)
