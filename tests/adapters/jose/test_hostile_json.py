"""Header and payload must be strict JSON, even if the signature is valid (RFC 7515 §4, RFC 7519 §4)."""

import json

import pytest

from app.adapters.jose.token_codec import JoseTokenCodec
from app.domain.tokens.errors import MalformedToken

from .forging import CLAIMS, Forger

_VALUES = {
    "NaN": b"NaN",
    "Infinity": b"Infinity",
    "-Infinity": b"-Infinity",
    "1e999": b"1e999",
    "-1e999": b"-1e999",
    "5,000 digits": b"1" * 5_000,
    "lone high surrogate": rb'"\ud800"',
    "lone low surrogate": rb'"\udc80"',
    "surrogates in the wrong order": rb'"\udc00\ud800"',
    "encoded surrogate": b'"\xed\xa0\x80"',
    "Latin-1": b'"\xe9"',
    "overlong UTF-8": b'"\xc0\x80"',
    "raw NUL": b'"\x00"',
    "raw newline": b'"\n"',
    "nesting beyond the limit": b"[" * 8 + b"]" * 8,
    "deep nesting": b"[" * 2_000 + b"]" * 2_000,
    "deep nesting of objects": b'{"":' * 800 + b"1" + b"}" * 800,
    "unclosed nesting": b"[" * 4_000,
    "leading zero": b"01",
    "hexadecimal": b"0x10",
    "plus sign": b"+1",
    "digits beyond ASCII": "\u0661".encode(),
    "single quotes": b"'a'",
    "comment": b"1/**/",
    "trailing comma": b"[1,]",
    "nothing": b"",
}


@pytest.mark.parametrize("value", list(_VALUES.values()), ids=list(_VALUES))
def test_a_hostile_value_is_refused(codec: JoseTokenCodec, forger: Forger, value: bytes) -> None:
    """A value that is not valid JSON makes the token malformed, in the header and in the payload."""
    for place, name in ((forger.header, "x"), (forger.header, "kid"), (CLAIMS, "x"), (CLAIMS, "iat"), (CLAIMS, "sub")):
        others = json.dumps({each: place[each] for each in place if each != name}).encode()
        text = others[:-1] + b', "' + name.encode() + b'": ' + value + b"}"
        token = forger.token(header=text) if place is forger.header else forger.token(payload=text)
        with pytest.raises(MalformedToken):
            codec.decode(token)


@pytest.mark.parametrize("name", ["alg", "typ", "kid"])
def test_a_duplicate_header_member_is_refused(codec: JoseTokenCodec, forger: Forger, name: str) -> None:
    """A header member that occurs twice, with the same value, another value or an escaped name, is refused (RFC 7515
    §4).
    """
    for text in _doubled(forger.header, name):
        with pytest.raises(MalformedToken):
            codec.decode(forger.token(header=text))


@pytest.mark.parametrize("name", list(CLAIMS))
def test_a_duplicate_claim_is_refused(codec: JoseTokenCodec, forger: Forger, name: str) -> None:
    """A claim that occurs twice, with the same value, another value or an escaped name, is refused (RFC 7519 §4)."""
    for text in _doubled(CLAIMS, name):
        with pytest.raises(MalformedToken):
            codec.decode(forger.token(payload=text))


def _doubled(members: object, name: str) -> list[bytes]:
    text = json.dumps(members)
    assert isinstance(members, dict)
    value = json.dumps(members[name])
    escaped = f"\\u{ord(name[0]):04x}{name[1:]}"
    return [
        f'{text[:-1]}, "{name}": {value}}}'.encode(),
        f'{text[:-1]}, "{name}": "another"}}'.encode(),
        f'{{"{name}": "another", {text[1:]}'.encode(),
        f'{text[:-1]}, "{escaped}": {value}}}'.encode(),
    ]


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32"])
def test_another_encoding_is_refused(codec: JoseTokenCodec, forger: Forger, encoding: str) -> None:
    """JSON is UTF-8 without a byte order mark (RFC 8259 §8.1); other encodings are refused."""
    header, claims = (json.dumps(members).encode(encoding) for members in (forger.header, CLAIMS))
    for token in (forger.token(header=header), forger.token(payload=claims)):
        with pytest.raises(MalformedToken):
            codec.decode(token)


@pytest.mark.parametrize("raw", [b"", b" ", b"{", b"}", b"{}{}", b"{} x", b"\x00", b"\xff" * 50, b'{"alg"}'], ids=repr)
def test_bytes_that_are_no_json_are_refused(codec: JoseTokenCodec, forger: Forger, raw: bytes) -> None:
    """A token is malformed if its header or its payload is not JSON."""
    for token in (forger.token(header=raw), forger.token(payload=raw)):
        with pytest.raises(MalformedToken):
            codec.decode(token)
