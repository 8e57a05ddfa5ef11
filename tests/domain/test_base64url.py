"""base64url (RFC 4648 §5, RFC 7515 §2)."""

from base64 import urlsafe_b64encode

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.domain import base64url


@given(st.binary())
def test_encoding_and_decoding_returns_the_bytes(raw: bytes) -> None:
    """All bytes can be encoded without padding, and decoded again."""
    text = base64url.encode(raw)
    assert "=" not in text
    assert base64url.decode(text) == raw


def test_the_example_of_rfc_7515() -> None:
    """The encoding of RFC 7515 appendix C's example is the published one."""
    assert base64url.encode(bytes([3, 236, 255, 224, 193])) == "A-z_4ME"


@pytest.mark.parametrize(
    "text",
    [
        "A",
        "AAAAA",
        "QQ==",
        "QQ=",
        "QUI=",
        "=",
        "====",
        "QR",
        "QUJ",
        "+z_4",
        "A/z4",
        "A z4",
        "QUI\n",
        "QQ\0\0",
        "é",
        "\ud800",
    ],
)
def test_text_that_is_not_canonical_is_refused(text: str) -> None:
    """Impossible lengths, padding, trailing bits and other characters are refused."""
    with pytest.raises(ValueError):  # noqa: PT011  # its contract says ValueError, and no more
        base64url.decode(text)


@given(st.text(alphabet="AQgw-_+/= \n\0é9", max_size=8))
def test_each_byte_string_has_one_encoding(text: str) -> None:
    """Text that can be decoded is encoded to the same text."""
    try:
        raw = base64url.decode(text)
    except ValueError:
        return
    assert urlsafe_b64encode(raw).rstrip(b"=").decode() == text
