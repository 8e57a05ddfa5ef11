"""Only a header with exactly alg, typ and kid is accepted (RFC 8725 §2, §3.1, §3.10, §3.11)."""

import json
from collections.abc import Callable, Mapping
from typing import Any, Final

import pytest

from app.adapters.jose.token_codec import JoseTokenCodec
from app.domain.keys.stored_key import StoredKey
from app.domain.tokens.errors import BadSignature, MalformedToken
from app.testing.builders import access_token_claims

from .forging import CLAIMS, MISSING, Forger, changed, segment

_NOT_TEXT: Final[tuple[object, ...]] = (None, True, 1, 1.5, [], ["RS256"], {}, {"RS256": 1})

_WRONG: Final[Mapping[str, tuple[object, ...]]] = {
    "alg": (
        MISSING, *_NOT_TEXT, "", "none", "None", "NONE", "HS256", "RS384", "RS512", "PS256", "ES256", "rs256", "RS256 "
    ),
    "typ": (MISSING, *_NOT_TEXT, ["at+jwt"], "", "JWT", "jwt", "application/at+jwt", "AT+JWT", "at+JWT", "at+jwt "),
    "kid": (MISSING, *_NOT_TEXT),
}  # fmt: skip

_EXTRA: Final[Mapping[str, tuple[object, ...]]] = {
    "jku": ("https://evil.example/jwks.json", None),
    "x5u": ("https://evil.example/chain.pem",),
    "x5c": (["MIIB"], []),
    "x5t": ("AA",),
    "x5t#S256": ("AA",),
    "jwk": ({}, {"kty": "RSA", "n": "AQAB", "e": "AQAB"}),
    "crit": ([], ["exp"], ["typ"], ["b64"], None),
    "b64": (True, False),
    "zip": ("DEF",),
    "enc": ("A256GCM",),
    "cty": ("JWT", ""),
    "iss": ("https://id.example",),
    "arbitrary": (None,),
    "": ("",),
}


def _cases(table: Mapping[str, tuple[object, ...]]) -> list[Any]:
    return [
        pytest.param(name, value, id=f"{name}={'missing' if value is MISSING else json.dumps(value)}")
        for name, values in table.items()
        for value in values
    ]


def test_the_forger_makes_good_tokens(codec: JoseTokenCodec, forger: Forger) -> None:
    """A token made by hand with the right header and claims is accepted, so the refusals below have the reason they
    name.
    """
    assert codec.decode(forger.token()) == access_token_claims()


@pytest.mark.parametrize(("name", "value"), _cases(_WRONG))
def test_a_wrong_member_is_refused(codec: JoseTokenCodec, forger: Forger, name: str, value: object) -> None:
    """A header member that is missing, of another type or of another value is refused, even with a valid signature."""
    with pytest.raises(MalformedToken):
        codec.decode(forger.token(changed(forger.header, name, value)))


@pytest.mark.parametrize(("name", "value"), _cases(_EXTRA))
def test_an_additional_member_is_refused(codec: JoseTokenCodec, forger: Forger, name: str, value: object) -> None:
    """A header with one member too many is refused, even with a valid signature."""
    with pytest.raises(MalformedToken):
        codec.decode(forger.token(changed(forger.header, name, value)))


@pytest.mark.parametrize("spoil", [lambda _: "unknown", lambda _: "", str.lower, lambda kid: kid + " "])
def test_an_unknown_kid_is_a_bad_signature(codec: JoseTokenCodec, forger: Forger, spoil: Callable[[str], str]) -> None:
    """A kid that names no key, or differs by case or by a space, is a bad signature."""
    with pytest.raises(BadSignature):
        codec.decode(forger.token(changed(forger.header, "kid", spoil(forger.header["kid"]))))


def test_the_kid_of_another_key_is_a_bad_signature(forger: Forger, key: StoredKey, other_key: StoredKey) -> None:
    """The kid alone chooses the key: no other known key is tried."""
    codec = JoseTokenCodec()
    codec.install([key, other_key])
    with pytest.raises(BadSignature):
        codec.decode(forger.token(changed(forger.header, "kid", other_key.key.kid)))


def test_an_unsecured_token_is_refused(codec: JoseTokenCodec, forger: Forger) -> None:
    """A token with alg none and no signature (RFC 7518 §3.6) is refused."""
    with pytest.raises(MalformedToken):
        codec.decode(f"{segment(changed(forger.header, 'alg', 'none'))}.{segment(CLAIMS)}.")


def test_an_unencoded_payload_is_refused(codec: JoseTokenCodec, forger: Forger) -> None:
    """A token of RFC 7797, whose payload is not base64url, is refused."""
    header = {**forger.header, "b64": False, "crit": ["b64"]}
    with pytest.raises(MalformedToken):
        codec.decode(forger.sign(segment(header), json.dumps(CLAIMS)))


def test_a_key_in_the_header_is_not_used(codec: JoseTokenCodec, other_key: StoredKey) -> None:
    """A token that is signed with the sender's own key and carries that key in jwk is refused."""
    sender = Forger(other_key)
    with pytest.raises(MalformedToken):
        codec.decode(sender.token({**sender.header, "jwk": sender.jwk}))
