"""Other libraries read our tokens with our JWK Set, and we read theirs."""

import time
from typing import Any

import jwt
import pytest
from joserfc.jwk import KeySet
from joserfc.jwt import JWTClaimsRegistry
from joserfc.jwt import decode as joserfc_decode

from app.adapters.jose.token_codec import JoseTokenCodec
from app.domain.keys.stored_key import StoredKey
from app.testing.builders import AUDIENCE, ISSUER, access_token_claims

from .forging import CLAIMS, Forger, issue


@pytest.fixture
def claims() -> dict[str, Any]:
    """Return times around now, because these libraries use the system's clock."""
    now = int(time.time())
    return {"issued_at": now, "expires_at": now + 900, "auth_time": now}


@pytest.fixture
def token(codec: JoseTokenCodec, key: StoredKey, claims: dict[str, Any]) -> str:
    """Return a token issued now."""
    return issue(codec, key, access_token_claims(**claims))


def _expected(claims: dict[str, Any]) -> dict[str, object]:
    return {**CLAIMS, "iat": claims["issued_at"], "exp": claims["expires_at"], "auth_time": claims["auth_time"]}


def test_joserfc_verifies_our_token(codec: JoseTokenCodec, token: str, claims: dict[str, Any]) -> None:
    """Joserfc accepts the token and reads all its claims with the published JWK Set."""
    keys = KeySet.import_key_set(codec.jwk_set())  # type: ignore[arg-type]  # its type is narrower than RFC 7517
    read = joserfc_decode(token, keys, algorithms=["RS256"])
    essential = {"iss": ISSUER, "aud": AUDIENCE}
    JWTClaimsRegistry(
        **{name: {"essential": True, "value": value} for name, value in essential.items()},  # type: ignore[arg-type]
        exp={"essential": True},
        iat={"essential": True},
    ).validate(read.claims)
    assert read.claims == _expected(claims)


def test_pyjwt_verifies_our_token(codec: JoseTokenCodec, key: StoredKey, token: str, claims: dict[str, Any]) -> None:
    """PyJWT accepts the token and reads all its claims with the published JWK Set."""
    public_key = jwt.PyJWKSet.from_dict(dict(codec.jwk_set()))[key.key.kid]
    read = jwt.decode(
        token,
        public_key,
        algorithms=["RS256"],
        audience=AUDIENCE,
        issuer=ISSUER,
        options={"require": ["iss", "sub", "aud", "exp", "iat", "jti"]},
    )
    assert read == _expected(claims)


def test_we_verify_a_token_by_pyjwt(codec: JoseTokenCodec, forger: Forger) -> None:
    """A token of our form that PyJWT signed with the same key is accepted."""
    headers = {name: forger.header[name] for name in ("typ", "kid")}
    token = jwt.encode(dict(CLAIMS), forger.private_key, algorithm="RS256", headers=headers)
    assert codec.decode(token) == access_token_claims()
