"""Whatever the token is, the answer is the claims or one of two errors (SPEC.md §3)."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.adapters.jose.token_codec import JoseTokenCodec
from app.domain.tokens.errors import BadSignature, MalformedToken
from app.testing.builders import access_token_claims

from .forging import CLAIMS, Forger, segment

_REFUSALS = (MalformedToken, BadSignature)
_BASE64URL = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
_ANY_CHARACTER = st.characters(exclude_categories=())  # lone surrogates too

_json = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=10), inner, max_size=3),
    max_leaves=10,
)


@pytest.fixture(scope="module")
def valid(forger: Forger) -> str:
    """Return a valid token."""
    return forger.token()


@pytest.mark.proof("hostile-tokens")
@given(text=st.text(_ANY_CHARACTER))
def test_arbitrary_text(codec: JoseTokenCodec, text: str) -> None:
    """Any text is refused, also with lone surrogates."""
    with pytest.raises(_REFUSALS):
        codec.decode(text)


@pytest.mark.proof("hostile-tokens")
@given(raw=st.binary())
def test_arbitrary_bytes(codec: JoseTokenCodec, raw: bytes) -> None:
    """Any bytes are refused, decoded in either of the ways in which a server decodes a header."""
    for text in (raw.decode("latin-1"), raw.decode("utf-8", "surrogateescape")):
        with pytest.raises(_REFUSALS):
            codec.decode(text)


@pytest.mark.proof("hostile-tokens")
@given(header=_json, payload=_json)
def test_arbitrary_json(codec: JoseTokenCodec, forger: Forger, header: object, payload: object) -> None:
    """Any JSON as header or payload is refused, even with a valid signature."""
    for token in (forger.token(header, payload), forger.token(header=[header]), forger.token(payload=payload)):
        with pytest.raises(MalformedToken):
            codec.decode(token)


@pytest.mark.proof("hostile-tokens")
@given(signature=st.binary(max_size=600))
def test_arbitrary_signature(codec: JoseTokenCodec, forger: Forger, signature: bytes) -> None:
    """Any bytes of any length are refused as a signature."""
    with pytest.raises(_REFUSALS):
        codec.decode(f"{segment(forger.header)}.{segment(CLAIMS)}.{segment(signature)}")


@pytest.mark.proof("hostile-tokens")
@given(data=st.data())
def test_arbitrary_mutations(codec: JoseTokenCodec, valid: str, data: st.DataObject) -> None:
    """A valid token with characters changed, inserted and deleted is refused, unless the result is the same token."""
    token = valid
    for _ in range(data.draw(st.integers(1, 3))):
        start = data.draw(st.integers(0, len(token)))
        end = data.draw(st.integers(start, min(start + 3, len(token))))
        token = (
            token[:start]
            + data.draw(st.text(st.sampled_from(_BASE64URL + ".=") | _ANY_CHARACTER, max_size=3))
            + token[end:]
        )
    if token == valid:
        assert codec.decode(token) == access_token_claims()
    else:
        with pytest.raises(_REFUSALS):
            codec.decode(token)


def test_each_single_character_matters(codec: JoseTokenCodec, valid: str) -> None:
    """A valid token is refused if any one character is changed or deleted, or if it is cut anywhere."""
    for place, character in enumerate(valid):
        other = _BASE64URL[(_BASE64URL.find(character) + 1) % len(_BASE64URL)]
        for token in (valid[:place] + other + valid[place + 1 :], valid[:place], valid[:place] + valid[place + 1 :]):
            with pytest.raises(_REFUSALS):
                codec.decode(token)
