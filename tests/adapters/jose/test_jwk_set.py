"""Verification keys from a JWK Set (RFC 7517)."""

from collections.abc import Mapping
from typing import Final

import pytest

from app.adapters.jose.token_codec import JoseTokenCodec
from app.adapters.jose.verifier import JoseTokenVerifier
from app.domain.errors import ConfigurationError
from app.domain.keys.stored_key import StoredKey
from app.domain.tokens.errors import BadSignature
from app.testing.builders import access_token_claims

from .forging import MISSING, Forger, changed, segment

_EC: Final = {"kty": "EC", "kid": "ec", "crv": "P-256", "x": "A" * 43, "y": "A" * 43}
_OCT: Final = {"kty": "oct", "kid": "secret", "k": "AAAA"}

_FOR_ANOTHER_USE: Final[tuple[dict[str, object], ...]] = (
    {"use": "enc"},
    {"use": "SIG"},
    {"key_ops": ["encrypt"]},
    {"key_ops": ["sign"]},
    {"key_ops": []},
    {"alg": "RS384"},
    {"alg": "PS256"},
    {"alg": "RSA-OAEP"},
    {"use": "enc", "key_ops": ["verify"], "alg": "RS256"},
)
_UNREADABLE_USE: Final[tuple[dict[str, object], ...]] = (
    {"use": ""},
    {"use": None},
    {"use": ["sig"]},
    {"key_ops": "verify"},
    {"key_ops": None},
    {"key_ops": 1},
    {"alg": None},
    {"alg": ["RS256"]},
)


@pytest.fixture
def member(forger: Forger) -> Mapping[str, object]:
    """Return the forger's key as a JWK."""
    return forger.jwk


def _verifier(*members: object) -> JoseTokenVerifier:
    return JoseTokenVerifier.from_jwk_set({"keys": list(members)})


def test_the_published_set_verifies(codec: JoseTokenCodec, forger: Forger) -> None:
    """A verifier made from the published JWK Set accepts the service's tokens."""
    assert JoseTokenVerifier.from_jwk_set(codec.jwk_set()).decode(forger.token()) == access_token_claims()


def test_every_key_of_the_set_verifies(key: StoredKey, other_key: StoredKey) -> None:
    """During a key rotation the tokens of both keys are accepted."""
    codec = JoseTokenCodec()
    codec.install([key, other_key])
    verifier = JoseTokenVerifier.from_jwk_set(codec.jwk_set())
    for stored in (key, other_key):
        assert verifier.decode(Forger(stored).token()) == access_token_claims()


@pytest.mark.parametrize(
    "further",
    [{"use": "sig"}, {"alg": "RS256"}, {"key_ops": ["verify"]}, {"key_ops": ["sign", "verify"]}, {"x": None}],
    ids=repr,
)
def test_a_key_for_verifying_is_used(member: Mapping[str, object], forger: Forger, further: dict[str, object]) -> None:
    """A key for RS256 signatures is used, whichever member says so (RFC 7517 §4.2 to §4.4)."""
    assert _verifier({**member, **further}).decode(forger.token()) == access_token_claims()


@pytest.mark.parametrize("further", _FOR_ANOTHER_USE, ids=repr)
def test_a_key_for_another_use_verifies_nothing(
    member: Mapping[str, object], forger: Forger, further: dict[str, object], other_key: StoredKey
) -> None:
    """A key for encryption or for another algorithm verifies no access token (RFC 7517 §4.2 to §4.4)."""
    verifier = _verifier({**member, **further}, Forger(other_key).jwk)
    with pytest.raises(BadSignature):
        verifier.decode(forger.token())


@pytest.mark.parametrize("further", [*_FOR_ANOTHER_USE, *_UNREADABLE_USE], ids=repr)
def test_a_set_of_keys_for_another_use_is_refused(member: Mapping[str, object], further: dict[str, object]) -> None:
    """A set is refused if its only key is for another use, or if its use cannot be read."""
    with pytest.raises(ConfigurationError):
        _verifier({**member, **further})


@pytest.mark.parametrize("other", [_EC, _OCT, {"kty": "new"}, {}], ids=["EC", "oct", "unknown", "no kty"])
def test_keys_of_another_type_are_ignored(
    member: Mapping[str, object], forger: Forger, other: dict[str, object]
) -> None:
    """Keys of other types beside an RSA key are ignored (RFC 7517 §5)."""
    assert _verifier(other, member).decode(forger.token()) == access_token_claims()


def test_private_members_are_not_kept(member: Mapping[str, object], forger: Forger) -> None:
    """Of a private key in the set only the public half is used."""
    verifier = _verifier({**member, "d": segment(forger.private_key.private_numbers().d.to_bytes(256, "big"))})
    assert verifier.decode(forger.token()) == access_token_claims()
    assert not any(key.is_private for key in verifier._keys.values())


@pytest.mark.parametrize(
    "jwk_set",
    [{}, {"keys": None}, {"keys": {}}, {"keys": "keys"}, {"keys": ["key"]}, {"keys": [None]}, {"keys": [[]]}],
    ids=repr,
)
def test_a_set_without_a_keys_array_is_refused(jwk_set: dict[str, object]) -> None:
    """A set without an array of keys is refused, and the message says what is missing."""
    with pytest.raises(ConfigurationError, match='no array "keys" of objects'):
        JoseTokenVerifier.from_jwk_set(jwk_set)


@pytest.mark.parametrize("members", [[], [_EC], [{}], [_OCT, _EC]], ids=["empty", "EC", "no kty", "oct and EC"])
def test_a_set_without_an_rsa_key_is_refused(members: list[object]) -> None:
    """A set without an RSA key is refused, because a verifier could accept no token with it."""
    with pytest.raises(ConfigurationError, match="no RSA key"):
        _verifier(*members)


def test_two_keys_of_one_kid_are_refused(member: Mapping[str, object], other_key: StoredKey) -> None:
    """Two keys with one kid are refused, because a token could mean either of them."""
    with pytest.raises(ConfigurationError, match="two of them with one kid"):
        _verifier(member, {**Forger(other_key).jwk, "kid": member["kid"]})


@pytest.mark.parametrize("name", ["kid", "n", "e"])
@pytest.mark.parametrize(
    "value", [MISSING, None, 1, ["AQAB"], {}], ids=["missing", "null", "number", "array", "object"]
)
def test_a_key_that_lacks_a_member_is_refused(member: Mapping[str, object], name: str, value: object) -> None:
    """A key is refused if its kid, n or e is missing or of another type, and the message names the three."""
    with pytest.raises(ConfigurationError, match="lacks kid, n or e"):
        _verifier(changed(member, name, value))


@pytest.mark.parametrize("name", ["n", "e"])
@pytest.mark.parametrize("value", ["", "A", "!!!!", "é", "\udc80", "AQAB=", "AA", "AQ", "Ag"], ids=ascii)
def test_an_impossible_number_is_refused(member: Mapping[str, object], name: str, value: str) -> None:
    """A modulus or exponent that is no number, or an impossible one, is refused."""
    with pytest.raises(ConfigurationError):
        _verifier({**member, name: value})


@pytest.mark.parametrize("bits", [512, 1024, 2047])
def test_a_small_key_is_refused(member: Mapping[str, object], bits: int) -> None:
    """A modulus below 2048 bits is refused (RFC 7518 §3.3), and the message says so."""
    with pytest.raises(ConfigurationError, match="does not have 2048 to 4096 bits"):
        _verifier({**member, "n": segment((2**bits - 1).to_bytes((bits + 7) // 8, "big"))})
