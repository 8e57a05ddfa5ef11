"""JSON has one meaning, or is refused (RFC 8259)."""

import json
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.adapters import strict_json
from app.adapters.strict_json import MAX_DEPTH

_text = st.text()  # without lone surrogates
_scalars = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | _text
_values = st.recursive(
    _scalars, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(_text, inner, max_size=3), max_leaves=8
).filter(lambda value: _depth(value) <= MAX_DEPTH)


def _depth(value: object) -> int:
    if isinstance(value, dict):
        value = list(value.values())
    return 1 + max(map(_depth, value), default=0) if isinstance(value, list) else 0


def _nested(depth: int) -> bytes:
    return b'{"a":[' * (depth // 2) + b"[" * (depth % 2) + b"]" * (depth % 2) + b"]}" * (depth // 2)


@pytest.mark.parametrize(
    ("raw", "value"),
    [
        (b"null", None),
        (b" \t\r\n true \n", True),
        (b"-0", 0),
        (b"1.5e3", 1500.0),
        (b"1e308", 1e308),
        (b"1e-999", 0.0),
        (b"1" * 4_000, int("1" * 4_000)),
        (b'""', ""),
        (b'"\\u0000"', "\x00"),
        (b'"\\ud83d\\udd11"', "\U0001f511"),
        (b'"\xf0\x9f\x94\x91\\u00e9\xc3\xa9"', "\U0001f511éé"),
        (b'"\\\\ud800"', "\\ud800"),
        (b'"\xef\xbf\xbe"', "\ufffe"),
        (b"[]", []),
        (b'{"a":{"a":1},"A":[{"a":2},{"a":3}],"":4}', {"a": {"a": 1}, "A": [{"a": 2}, {"a": 3}], "": 4}),
    ],
    ids=lambda item: repr(item)[:40],
)
def test_valid_json_is_read(raw: bytes, value: object) -> None:
    """JSON that the RFC allows is read."""
    assert strict_json.loads(raw) == value


_NO_JSON = [
    b"", b" ", b"nul", b"{", b"[1,]", b'{"a":1,}', b"{a:1}", b"'a'", b"1 2", b"{}{}", b"1/**/", b"\x00", b"1\x00",
    b"01", b"+1", b".5", b"1.", b"0x1", b"1_000", b"True", b'"\t"', b'"\n"', b'"\x00"', b'"\\x41"', b'"\\u12"',
    "\u0661".encode(), "\u00a01".encode(), b"\x0b1", b"\x0c1",
]  # fmt: skip


@pytest.mark.parametrize("raw", _NO_JSON, ids=repr)
def test_invalid_json_is_refused(raw: bytes) -> None:
    """Text that the grammar does not allow is refused (§2 to §7)."""
    with pytest.raises(ValueError):  # noqa: PT011  # only the type is documented
        strict_json.loads(raw)


@pytest.mark.parametrize("constant", [b"NaN", b"Infinity", b"-Infinity"])
@pytest.mark.parametrize("frame", [b"%s", b"[%s]", b'{"a":%s}'])
def test_constants_of_python_are_refused(frame: bytes, constant: bytes) -> None:
    """NaN and the infinities, which Python accepts, are refused (§6)."""
    with pytest.raises(ValueError, match="is not JSON"):
        strict_json.loads(frame % constant)


@pytest.mark.parametrize("number", [b"1e999", b"-1e999", b"1" * 400 + b".0", b"1.8e308"], ids=lambda raw: repr(raw[:8]))
def test_numbers_beyond_a_float_are_refused(number: bytes) -> None:
    """A number that would be read as infinity is refused (§6)."""
    with pytest.raises(ValueError, match="out of range"):
        strict_json.loads(number)


def test_an_integer_of_5000_digits_is_refused() -> None:
    """An integer that takes quadratic time to read is refused."""
    with pytest.raises(ValueError, match="4300 digits"):
        strict_json.loads(b"[-" + b"9" * 5_000 + b"]")


@pytest.mark.parametrize(
    "raw", [b'{"a":1,"a":1}', b'{"a":1,"b":2,"a":3}', b'{"a":1,"\\u0061":2}', b'[{"b":{"a":1,"a":2}}]', b'{"":1,"":2}']
)
def test_duplicate_members_are_refused(raw: bytes) -> None:
    """A name that occurs twice in an object is refused, at any depth and in any spelling (§4)."""
    with pytest.raises(ValueError, match="duplicate members"):
        strict_json.loads(raw)


@pytest.mark.parametrize(
    "raw",
    [
        b'"\\ud800"', b'"\\udc00"', b'"\\udc00\\ud800"', b'"\\ud83d"', b'"\\ud83dx\\udd11"', b'"\\uD800"',
        b'{"\\ud800":1}', b'[["\\udfff"]]',
    ],
)  # fmt: skip
def test_half_a_surrogate_pair_is_refused(raw: bytes) -> None:
    """A string that cannot be encoded as UTF-8 is refused (§8.2)."""
    with pytest.raises(ValueError, match="surrogates not allowed"):
        strict_json.loads(raw)


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32", "latin-1", "cp037"])
def test_other_encodings_are_refused(encoding: str) -> None:
    """JSON is UTF-8 without a byte order mark (§8.1)."""
    with pytest.raises(ValueError):  # noqa: PT011  # only the type is documented
        strict_json.loads('{"a":"é"}'.encode(encoding))


@pytest.mark.parametrize(
    "raw", [b'"\xff"', b'"\xc0\x80"', b'"\xed\xa0\x80"', b'"\xc3"', b'"\xf4\x90\x80\x80"'], ids=repr
)
def test_invalid_utf8_is_refused(raw: bytes) -> None:
    """Bytes that are not UTF-8 are refused, also overlong forms and encoded surrogates."""
    with pytest.raises(UnicodeDecodeError):
        strict_json.loads(raw)


@pytest.mark.parametrize("depth", range(MAX_DEPTH + 1))
def test_allowed_nesting_is_read(depth: int) -> None:
    """Arrays and objects can be nested up to ``MAX_DEPTH``."""
    assert strict_json.loads(_nested(depth) or b"1") == json.loads(_nested(depth) or b"1")


@pytest.mark.parametrize("depth", [MAX_DEPTH + 1, MAX_DEPTH + 2, 500, 2_000, 200_000])
def test_deeper_nesting_is_refused(depth: int) -> None:
    """Deeper nesting is refused, also where it would exhaust the stack."""
    with pytest.raises(ValueError, match="nested too deep"):
        strict_json.loads(_nested(depth))


@pytest.mark.proof("strict-json")
@given(value=_values, escape=st.booleans())
def test_every_value_is_read_as_it_was_written(value: object, escape: bool) -> None:  # noqa: FBT001  # Hypothesis names it
    """Every value is read as it was, whether it was written with escapes or not."""
    read = strict_json.loads(json.dumps(value, ensure_ascii=escape).encode())
    assert read == value
    assert repr(read) == repr(value)


@pytest.mark.proof("strict-json")
@given(raw=st.binary() | st.text(st.sampled_from('{}[]",:\\u0123dDe+-.tfn ')).map(str.encode))
def test_arbitrary_bytes_are_read_or_refused(raw: bytes) -> None:
    """Any bytes give a ``ValueError``, or a value that JSON can express."""
    try:
        value = strict_json.loads(raw)
    except ValueError:
        return
    json.dumps(value, allow_nan=False, ensure_ascii=False).encode()
    assert not (isinstance(value, float) and math.isnan(value))
    assert _depth(value) <= MAX_DEPTH
