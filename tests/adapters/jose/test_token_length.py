"""How long a token is, and how long it can become."""

import pytest
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey

from app.adapters.jose.token_codec import JoseTokenCodec
from app.adapters.keys.rsa_key import generate_rsa_key, to_stored_key
from app.domain.scope import Scope
from app.domain.tokens.claims import AccessTokenClaims
from app.testing.builders import access_token_claims

from .forging import issue


@pytest.fixture(scope="module")
def largest_key() -> RSAPrivateKey:
    """Return a key of the greatest size."""
    return generate_rsa_key(4096)


@pytest.mark.parametrize(
    "claims",
    [
        access_token_claims(),
        access_token_claims(audience=tuple(f'a"\\{number}' for number in range(20)), scope=Scope()),
        access_token_claims(audience=("日本",), session_id=None, auth_time=None),
    ],
    ids=["session", "escaped audiences", "an audience of several bytes"],
)
def test_longest_token_is_one_signed_with_the_largest_key(
    largest_key: RSAPrivateKey, claims: AccessTokenClaims
) -> None:
    """The length that the codec computes without a key is that of a token by a key of 4096 bits."""
    codec = JoseTokenCodec()
    longest = codec.max_length(claims)
    stored = to_stored_key(largest_key)
    codec.install([stored])
    assert len(issue(codec, stored, claims)) == longest
