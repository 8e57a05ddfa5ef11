"""A token has one spelling: compact serialization is read strictly (RFC 7515 §7.1)."""

from collections.abc import Callable

import pytest

from app.adapters.jose import compact
from app.adapters.jose.token_codec import JoseTokenCodec
from app.domain.tokens.errors import MalformedToken
from app.testing.builders import access_token_claims

from .forging import CLAIMS, Forger, decoded, segment

_ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"


def _with_trailing_bits(text: str) -> str:
    """Return another text for the same bytes (RFC 4648 §3.5)."""
    return text[:-1] + _ALPHABET[_ALPHABET.index(text[-1]) + 1]


_CHANGES: dict[str, Callable[[str], str]] = {
    "one padding": lambda text: text + "=",
    "two paddings": lambda text: text + "==",
    "trailing bits": _with_trailing_bits,
    "plus": lambda text: text[:5] + "+" + text[6:],
    "slash": lambda text: text[:5] + "/" + text[6:],
    "space before": lambda text: " " + text,
    "space inside": lambda text: text[:4] + " " + text[4:],
    "newline after": lambda text: text + "\n",
    "CRLF inside": lambda text: text[:4] + "\r\n" + text[4:],
    "tab": lambda text: text[:4] + "\t" + text[4:],
    "NUL": lambda text: text[:4] + "\x00" + text[4:],
    "percent": lambda text: text[:4] + "%2D" + text[5:],
    "letter beyond ASCII": lambda text: text[:5] + "é" + text[6:],
    "full-width letter": lambda text: "\uff21" + text[1:],
    "zero-width space": lambda text: text[:4] + "\u200b" + text[4:],
    "byte that is not UTF-8": lambda text: text[:4] + "\udc80" + text[4:],
    "additional character": lambda text: text + "A" * (1 + -len(text) % 4),
    "empty": lambda _: "",
}


@pytest.fixture(scope="module")
def segments(forger: Forger) -> list[str]:
    """Return the segments of a valid token; the base64url of each has unused bits at its end."""
    header, payload = (segment(_with_unused_bits(decoded(segment(value)))) for value in (forger.header, CLAIMS))
    return forger.sign(header, payload).split(".")


def _with_unused_bits(json_text: bytes) -> bytes:
    """Return the JSON with a space after it if its base64url would otherwise have no unused bits at the end."""
    return json_text if len(json_text) % 3 else json_text + b" "


def test_the_unchanged_token_is_accepted(codec: JoseTokenCodec, segments: list[str]) -> None:
    """The token is accepted if no segment is changed."""
    assert codec.decode(".".join(segments)) == access_token_claims()


@pytest.mark.parametrize("place", [0, 1, 2], ids=["header", "payload", "signature"])
@pytest.mark.parametrize("change", list(_CHANGES.values()), ids=list(_CHANGES))
def test_another_spelling_is_refused(
    codec: JoseTokenCodec, forger: Forger, segments: list[str], place: int, change: Callable[[str], str]
) -> None:
    """A segment that is not canonical base64url is refused, even if the signature covers it as it is."""
    changed = [change(text) if number == place else text for number, text in enumerate(segments)]
    tokens = [".".join(changed)]
    if place < 2 and ".".join(changed).isprintable():
        tokens.append(forger.sign(changed[0], changed[1]))
    for token in tokens:
        with pytest.raises(MalformedToken):
            codec.decode(token)


@pytest.mark.parametrize(
    "token",
    ["", ".", "..", "...", "....", "a", "a.b", ".b.c", "a..c", "a.b.", "null", "{}", "Bearer a.b.c", "\udc80", "\x00"],
    ids=ascii,
)
def test_other_text_is_refused(codec: JoseTokenCodec, token: str) -> None:
    """Text without three segments is refused."""
    with pytest.raises(MalformedToken):
        codec.decode(token)


@pytest.mark.parametrize(
    "rearrange",
    [
        lambda header, payload, signature: [header, payload],
        lambda header, payload, signature: [header, payload, signature, ""],
        lambda header, payload, signature: [header, payload, signature, signature],
        lambda header, payload, signature: ["", header, payload, signature],
        lambda header, payload, signature: [header, payload, signature, signature, signature],
        lambda header, payload, signature: [signature, payload, header],
    ],
    ids=["2", "4, the last empty", "4", "4, the first empty", "5", "reversed"],
)
def test_another_number_or_order_of_segments_is_refused(
    codec: JoseTokenCodec, segments: list[str], rearrange: Callable[..., list[str]]
) -> None:
    """The three segments of a valid token in another number or order are refused."""
    with pytest.raises(MalformedToken):
        codec.decode(".".join(rearrange(*segments)))


def test_an_encrypted_token_is_refused(codec: JoseTokenCodec, forger: Forger) -> None:
    """A JWE (RFC 7516 §7.1) has five segments and is refused."""
    header = {"alg": "RSA-OAEP-256", "enc": "A256GCM", "kid": forger.header["kid"]}
    lengths = (256, 12, 300, 16)
    with pytest.raises(MalformedToken):
        codec.decode(".".join([segment(header), *(segment(b"\x5a" * length) for length in lengths)]))


@pytest.mark.parametrize("surplus", [0, 1])
def test_a_token_has_at_most_8192_characters(codec: JoseTokenCodec, forger: Forger, surplus: int) -> None:
    """A valid token of 8,192 characters is accepted, and one of 8,193 characters is refused."""
    token = _token_of_length(forger, 8_192 + surplus)
    if surplus:
        with pytest.raises(MalformedToken):
            codec.decode(token)
    else:
        assert codec.decode(token) == access_token_claims()


def _token_of_length(forger: Forger, length: int) -> str:
    """Return a valid token of this length, with spaces around its JSON."""
    header, claims = decoded(segment(forger.header)), decoded(segment(CLAIMS))
    for spaces in range(4):
        wanted = length - len(segment(header + b" " * spaces)) - 342 - 2
        payload = claims.ljust(wanted * 3 // 4)
        if len(segment(payload)) == wanted:
            return forger.sign(segment(header + b" " * spaces), segment(payload))
    raise AssertionError("no such token")


def test_an_oversized_header_is_refused(codec: JoseTokenCodec, forger: Forger) -> None:
    """A header with 2,000 bytes is refused, even if the token is short enough."""
    token = forger.token(header=decoded(segment(forger.header)).ljust(2_000))
    assert len(token) < compact.MAX_LENGTH
    with pytest.raises(MalformedToken):
        codec.decode(token)


@pytest.mark.parametrize("character", ["A", ".", "=", "\udc80", "(", "\x00"], ids=ascii)
def test_a_very_long_token_is_refused(codec: JoseTokenCodec, character: str) -> None:
    """A million characters of any kind are refused."""
    with pytest.raises(MalformedToken):
        codec.decode(character * 1_000_000)
