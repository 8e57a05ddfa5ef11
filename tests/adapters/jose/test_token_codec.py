"""Access tokens that this service makes (SPEC.md §3)."""

import json
from typing import Any

import pytest

from app.adapters.jose.token_codec import JoseTokenCodec
from app.domain.identifiers import ClientId, Subject
from app.domain.keys.stored_key import StoredKey
from app.domain.scope import Scope
from app.domain.tokens.claims import AccessTokenClaims
from app.testing.builders import access_token_claims

from .forging import CLAIMS, decoded, issue

_CLIENT: dict[str, Any] = {"subject": Subject("orders"), "client_id": ClientId("orders")}


@pytest.mark.parametrize(
    "claims",
    [
        access_token_claims(),
        access_token_claims(**_CLIENT, session_id=None, auth_time=None),
        access_token_claims(audience=("keyturn", "orders")),
        access_token_claims(scope=Scope()),
        access_token_claims(issuer="https://日本.example/\U0001f511", subject=Subject('a"b\\c\n\x00')),
    ],
    ids=["session", "client", "two audiences", "no scope", "odd characters"],
)
def test_decode_returns_the_encoded_claims(codec: JoseTokenCodec, key: StoredKey, claims: AccessTokenClaims) -> None:
    """Decoding a token returns the claims it was made of."""
    assert codec.decode(issue(codec, key, claims)) == claims


def test_the_header_has_exactly_alg_typ_and_kid(codec: JoseTokenCodec, key: StoredKey) -> None:
    """The header has RS256, at+jwt (RFC 9068 §2.1) and the kid, and nothing else."""
    header, _, _ = issue(codec, key, access_token_claims()).split(".")
    assert json.loads(decoded(header)) == {"alg": "RS256", "typ": "at+jwt", "kid": key.key.kid}


def test_the_claims_of_a_session(codec: JoseTokenCodec, key: StoredKey) -> None:
    """The payload has exactly the claims of SPEC.md §3, so no personal data; a single audience is a string."""
    _, payload, _ = issue(codec, key, access_token_claims()).split(".")
    assert json.loads(decoded(payload)) == CLAIMS


def test_a_client_token_has_no_session(codec: JoseTokenCodec, key: StoredKey) -> None:
    """A token of a client alone has neither sid nor auth_time."""
    claims = access_token_claims(**_CLIENT, session_id=None, auth_time=None)
    _, payload, _ = issue(codec, key, claims).split(".")
    assert json.loads(decoded(payload)).keys() == CLAIMS.keys() - {"sid", "auth_time"}


def test_several_audiences_are_an_array(codec: JoseTokenCodec, key: StoredKey) -> None:
    """Two audiences are an array (RFC 7519 §4.1.3)."""
    _, payload, _ = issue(codec, key, access_token_claims(audience=("a", "b"))).split(".")
    assert json.loads(decoded(payload))["aud"] == ["a", "b"]


def test_each_installed_key_signs_and_verifies(key: StoredKey, other_key: StoredKey) -> None:
    """The kid chooses the key that signs, and tokens of all installed keys are accepted."""
    codec = JoseTokenCodec()
    codec.install([other_key, key])
    tokens = [issue(codec, stored, access_token_claims()) for stored in (key, other_key)]
    assert [codec.decode(token) for token in tokens] == [access_token_claims()] * 2
    assert len({token.rpartition(".")[2] for token in tokens}) == 2


def test_keys_and_jwk_set_are_in_the_order_of_activation(key: StoredKey, other_key: StoredKey) -> None:
    """The key that activates first comes first, in whatever order the keys were installed."""
    codec = JoseTokenCodec()
    codec.install([other_key, key])
    assert codec.keys() == (key.key, other_key.key)
    assert [member["kid"] for member in _members(codec)] == [key.key.kid, other_key.key.kid]


def test_the_jwk_set_has_public_members_only(codec: JoseTokenCodec) -> None:
    """A published key has its use and its algorithm, and no private member (RFC 7518 §6.3.2)."""
    (member,) = _members(codec)
    assert member.keys() == {"kty", "n", "e", "kid", "alg", "use"}
    assert (member["kty"], member["e"], member["alg"], member["use"]) == ("RSA", "AQAB", "RS256", "sig")


def test_a_codec_without_keys_has_an_empty_jwk_set() -> None:
    """Before keys are installed the JWK Set has an empty array."""
    assert JoseTokenCodec().jwk_set() == {"keys": []}


def test_representations_hide_the_key_and_the_token(codec: JoseTokenCodec, key: StoredKey) -> None:
    """Neither the private key nor a token's id is in a repr."""
    assert key.pkcs8.hex() not in repr(key)
    assert repr(key.pkcs8)[2:-1] not in repr(key)
    claims = access_token_claims(token_id="an-identifier-of-its-own")  # noqa: S106  # an identifier
    assert "an-identifier-of-its-own" not in repr(claims)


def _members(codec: JoseTokenCodec) -> list[dict[str, str]]:
    members = codec.jwk_set()["keys"]
    assert isinstance(members, list)
    return members
