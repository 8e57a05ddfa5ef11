"""Keys that are made once."""

import pytest
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, generate_private_key


@pytest.fixture(scope="session")
def private_key() -> RSAPrivateKey:
    """Return a key that is fit to sign."""
    return generate_private_key(public_exponent=65537, key_size=2048)


@pytest.fixture(scope="session")
def another_private_key() -> RSAPrivateKey:
    """Return another key that is fit to sign."""
    return generate_private_key(public_exponent=65537, key_size=2048)
