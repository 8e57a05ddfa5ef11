"""Claims must be present and of the right type (SPEC.md §3, RFC 9068 §2.2)."""

import json
from collections.abc import Mapping
from typing import Any, Final

import pytest

from app.adapters.jose.token_codec import JoseTokenCodec
from app.domain.scope import MAX_LENGTH
from app.domain.tokens.errors import MalformedToken
from app.testing.builders import access_token_claims

from .forging import CLAIMS, MISSING, Forger, changed

_NOT_TEXT: Final[tuple[object, ...]] = (None, True, False, 0, 1.5, [], ["text"], {}, {"text": "text"})
_NOT_INTEGER: Final[tuple[object, ...]] = (
    None,
    True,
    False,
    "1800000000",
    "",
    1_800_000_000.0,
    1.5,
    1e300,
    [],
    [1_800_000_000],
    {},
)

_WRONG: Final[Mapping[str, tuple[object, ...]]] = {
    **dict.fromkeys(("iss", "sub", "client_id", "jti"), (MISSING, *_NOT_TEXT)),
    **dict.fromkeys(("iat", "exp", "auth_time"), (MISSING, *_NOT_INTEGER)),
    "aud": (MISSING, None, True, 0, 1.5, [], {}, {"keyturn": 1}, [1], [None], ["keyturn", None], [["keyturn"]]),
    "scope": (MISSING, *_NOT_TEXT, " ", "a  b", " a", "a ", 'a"b', "a\\b", "a\n", "é", "x" * (MAX_LENGTH + 1)),
    "sid": (
        MISSING,
        *_NOT_TEXT,
        "",
        "A" * 21,  # 15 bytes and a half
        "A" * 22 + "==",  # padded
        "A" * 21 + "B",  # trailing bits
        "A" * 43,  # 32 bytes
        "AAAAAAAAAAAAAAAAAAAAA+",
        "AAAAAAAAAAA AAAAAAAAAA",
        "é" * 22,
    ),
}

_CASES: Final[list[Any]] = [
    pytest.param(name, value, id=f"{name}={'missing' if value is MISSING else json.dumps(value)[:40]}")
    for name, values in _WRONG.items()
    for value in values
]


@pytest.mark.parametrize(("name", "value"), _CASES)
def test_a_wrong_claim_is_refused(codec: JoseTokenCodec, forger: Forger, name: str, value: object) -> None:
    """A claim that is missing, of another type or malformed makes the token malformed, even with a valid signature."""
    with pytest.raises(MalformedToken):
        codec.decode(forger.token(payload=changed(CLAIMS, name, value)))


@pytest.mark.parametrize("value", [None, False, 0, ""])
def test_an_empty_session_is_refused(codec: JoseTokenCodec, forger: Forger, value: object) -> None:
    """A token whose sid and auth_time are empty is refused: that is not the same as a token without them."""
    with pytest.raises(MalformedToken):
        codec.decode(forger.token(payload={**CLAIMS, "sid": value, "auth_time": value}))


def test_a_token_without_a_session_is_read(codec: JoseTokenCodec, forger: Forger) -> None:
    """A token without sid and auth_time belongs to no session."""
    claims = {name: CLAIMS[name] for name in CLAIMS if name not in ("sid", "auth_time")}
    assert codec.decode(forger.token(payload=claims)) == access_token_claims(session_id=None, auth_time=None)


@pytest.mark.parametrize("audience", ["keyturn", ["keyturn"]])
def test_one_audience_is_read_in_either_form(codec: JoseTokenCodec, forger: Forger, audience: object) -> None:
    """A single audience may be a string or an array (RFC 7519 §4.1.3)."""
    assert codec.decode(forger.token(payload=changed(CLAIMS, "aud", audience))) == access_token_claims()


def test_unknown_claims_are_ignored(codec: JoseTokenCodec, forger: Forger) -> None:
    """Other claims are ignored (RFC 7519 §4)."""
    assert codec.decode(forger.token(payload={**CLAIMS, "nonce": [None, {"a": 1.5}]})) == access_token_claims()


@pytest.mark.parametrize("payload", [[], [CLAIMS], "text", 1, None, True], ids=json.dumps)
def test_a_payload_that_is_no_object_is_refused(codec: JoseTokenCodec, forger: Forger, payload: object) -> None:
    """The payload must be a JSON object (RFC 7519 §7.2)."""
    with pytest.raises(MalformedToken):
        codec.decode(forger.token(payload=payload))
