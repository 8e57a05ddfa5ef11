"""The refresh-token ratchet: parsing, encoding and succeeding tokens."""

import hashlib
import hmac
import struct
from base64 import urlsafe_b64encode

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.domain.identifiers import SessionId
from app.domain.sessions import ratchet
from app.domain.sessions.errors import InvalidGrant
from app.domain.sessions.ratchet import RefreshToken
from app.testing.builders import refresh_token, session_of

ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
COUNTING = RefreshToken(SessionId(bytes(range(32, 48))), bytes(range(48, 64)), bytes(range(64, 96)))
COUNTING_TEXT = "ktr_ASAhIiMkJSYnKCkqKywtLi8wMTIzNDU2Nzg5Ojs8PT4_QEFCQ0RFRkdISUpLTE1OT1BRUlNUVVZXWFlaW1xdXl8"
BODY = COUNTING_TEXT.removeprefix("ktr_")

tokens = st.builds(
    RefreshToken,
    st.binary(min_size=16, max_size=16).map(SessionId),
    st.binary(min_size=16, max_size=16),
    st.binary(min_size=32, max_size=32),
)


def of_version(version: int) -> str:
    """Return the text of a token that has this version and is otherwise valid."""
    raw = bytes([version]) + COUNTING.session_id + COUNTING.lineage + COUNTING.secret
    return "ktr_" + urlsafe_b64encode(raw).rstrip(b"=").decode()


@given(tokens)
def test_an_encoded_token_is_parsed_as_the_same(token: RefreshToken) -> None:
    """Every token is encoded with 91 characters and parsed as the same token."""
    text = ratchet.encode(token)
    assert len(text) == 91
    assert ratchet.parse(text) == token


@given(tokens)
def test_the_secret_is_read_without_the_rest(token: RefreshToken) -> None:
    """The door, which has no time to parse a token, finds the same secret in its text."""
    assert ratchet.secret_of(ratchet.encode(token).encode()) == token.secret


def test_the_text_has_the_documented_form() -> None:
    """The bytes are version, session id, lineage and secret. The expected text was made by other means."""
    assert ratchet.encode(COUNTING) == COUNTING_TEXT == of_version(1)
    assert ratchet.parse(COUNTING_TEXT) == COUNTING


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("", id="empty"),
        pytest.param("ktr_", id="prefix alone"),
        pytest.param(BODY, id="no prefix"),
        pytest.param("xxxx" + BODY, id="other prefix"),
        pytest.param("KTR_" + BODY, id="prefix in capitals"),
        pytest.param("ktr-" + BODY, id="prefix with a hyphen"),
        pytest.param(COUNTING_TEXT[:-1], id="one character short"),
        pytest.param(COUNTING_TEXT[:-4], id="three bytes short"),
        pytest.param(COUNTING_TEXT + "A", id="one character long"),
        pytest.param(COUNTING_TEXT + "AAAA", id="three bytes long"),
        pytest.param(of_version(0), id="version 0"),
        pytest.param(of_version(2), id="version 2"),
        pytest.param(COUNTING_TEXT + "=", id="padded"),
        pytest.param(COUNTING_TEXT[:-1] + "=", id="padded, of the right length"),
        pytest.param("ktr_=" + BODY[1:], id="padding at the start"),
        pytest.param(COUNTING_TEXT[:-1] + "9", id="trailing bits not zero"),
        pytest.param(COUNTING_TEXT.replace("_Q", "/Q"), id="standard alphabet"),
        pytest.param(COUNTING_TEXT[:-1] + "+", id="plus sign"),
        pytest.param(COUNTING_TEXT[:-1] + "\n", id="line feed"),
        pytest.param("ktr_ " + BODY[1:], id="space"),
        pytest.param(" " + COUNTING_TEXT[:-1], id="leading space"),
        pytest.param(COUNTING_TEXT[:-1] + "\0", id="NUL"),
        pytest.param(COUNTING_TEXT[:-1] + "é", id="Latin-1"),
        pytest.param(COUNTING_TEXT[:-1] + "\uff18", id="full-width digit"),
        pytest.param(COUNTING_TEXT[:-1] + "\ud800", id="lone surrogate"),
    ],
)
def test_malformed_text_is_refused(text: str) -> None:
    """Any other text raises ``InvalidGrant``, and never another error."""
    with pytest.raises(InvalidGrant):
        ratchet.parse(text)


@given(st.integers(0, len(COUNTING_TEXT) - 1), st.sampled_from(ALPHABET) | st.integers(0, 0x10FFFF).map(chr))
def test_one_token_has_one_text(position: int, character: str) -> None:
    """A changed character gives another token or none, never a second text of the same token."""
    text = COUNTING_TEXT[:position] + character + COUNTING_TEXT[position + 1 :]
    try:
        token = ratchet.parse(text)
    except InvalidGrant:
        return
    assert ratchet.encode(token) == text
    assert (token == COUNTING) == (text == COUNTING_TEXT)


def test_a_published_successor() -> None:
    """The successor of a published example equals the HMAC that OpenSSL computes."""
    successor = ratchet.successor(COUNTING, salt=bytes(range(32)), generation=0x0102)
    assert successor.secret.hex() == "b27d58c5fa47b009ac6c110852b6d695ff947473c783a3ad68917ecddd43b407"


@given(tokens, st.binary(min_size=32, max_size=32), st.integers(1, 2**64 - 1))
def test_the_successor_is_the_documented_hmac(token: RefreshToken, salt: bytes, generation: int) -> None:
    """The next secret is HMAC-SHA256(secret, salt | session id | generation); session and lineage stay."""
    message = salt + token.session_id + struct.pack(">Q", generation)
    secret = hmac.new(token.secret, message, hashlib.sha256).digest()
    successor = ratchet.successor(token, salt=salt, generation=generation)
    assert successor == RefreshToken(token.session_id, token.lineage, secret)


def test_the_digest_is_sha_256() -> None:
    """The digest is the SHA-256 of the example in FIPS 180-2."""
    assert ratchet.digest(b"abc").hex() == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"


def test_a_token_is_matched_to_its_session() -> None:
    """A token has the lineage in every generation, and is current in one."""
    session = session_of(refresh_token(secret=1))
    assert ratchet.is_of_lineage(refresh_token(secret=0), session)
    assert not ratchet.is_of_lineage(refresh_token(session=2), session)
    assert ratchet.is_current(refresh_token(secret=1), session)
    assert not ratchet.is_current(refresh_token(secret=0), session)
