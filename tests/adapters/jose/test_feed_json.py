"""The claims of the revocation feed as JSON."""

import json
from dataclasses import replace

import pytest

from app.adapters.jose import feed_json
from app.domain.identifiers import SessionId
from app.domain.tokens.feed import Feed
from app.domain.tokens.revoked_session import RevokedSession
from app.testing.builders import ISSUER

FEED = Feed(
    issuer=ISSUER,
    issued_at=1_000,
    expires_at=1_060,
    as_of=998,
    since=700,
    window=990,
    keys=("b", "a"),
    dropped=("c",),
    revoked=[RevokedSession(SessionId(bytes([2]) * 16), 900), RevokedSession(SessionId(bytes([1]) * 16), 901)],
    token_lifetime=900,
    cut_off=800,
)


def dump(feed: Feed) -> bytes:
    """Return the JSON of a feed."""
    return b"".join(feed_json.parts(feed))


def test_load_reads_what_dump_writes() -> None:
    """A feed that is written and read again is equal, also in the order of its members."""
    assert feed_json.load(dump(FEED)) == FEED


def test_dump_writes_the_documented_members() -> None:
    """The JSON has the documented members, with the sessions by their ``sid`` and times rounded down."""
    written = replace(FEED, revoked=[RevokedSession(SessionId(bytes(16)), 900.9)])
    assert json.loads(dump(written)) == {
        "iss": ISSUER,
        "iat": 1_000,
        "exp": 1_060,
        "as_of": 998,
        "since": 700,
        "window": 990,
        "keys": ["b", "a"],
        "dropped": ["c"],
        "revoked": {"AAAAAAAAAAAAAAAAAAAAAA": 900},
        "token_lifetime": 900,
        "cut_off": 800,
    }


def test_the_lifetime_and_the_cut_off_may_be_missing() -> None:
    """An older version names neither, and an issuer without a cut-off names none."""
    without = replace(FEED, token_lifetime=None, cut_off=None)
    assert dump(without).decode().find("token_lifetime") == -1
    assert dump(without).decode().find("cut_off") == -1
    assert feed_json.load(dump(without)) == without


@pytest.mark.parametrize("name", ["token_lifetime", "cut_off"])
@pytest.mark.parametrize("value", [None, True, 1.5, -1, "60", [1]])
def test_the_lifetime_and_the_cut_off_are_numbers(name: str, value: object) -> None:
    """A feed is refused if one of them has another type."""
    members = json.loads(dump(FEED))
    with pytest.raises(ValueError, match=name):
        feed_json.load(json.dumps({**members, name: value}).encode())


@pytest.mark.parametrize("name", ["iss", "iat", "exp", "as_of", "since", "window", "keys", "dropped", "revoked"])
@pytest.mark.parametrize("value", [None, True, 1.5, -1, [1], {"x": 1}, {"AAAAAAAAAAAAAAAAAAAAAA": "now"}])
def test_each_claim_has_its_type(name: str, value: object) -> None:
    """A feed is refused if a claim is missing or of another type."""
    members = json.loads(dump(FEED))
    with pytest.raises(ValueError, match=r"."):
        feed_json.load(json.dumps({**members, name: value}).encode())
    del members[name]
    with pytest.raises(ValueError, match=name):
        feed_json.load(json.dumps(members).encode())


@pytest.mark.parametrize("raw", [b"[]", b"", b"{", b'{"iss": "a", "iss": "b"}', b"\xff", b"9" * 5_000])
def test_invalid_json_is_refused(raw: bytes) -> None:
    """The feed is read as strict JSON, and must be an object."""
    with pytest.raises(ValueError, match=r"."):
        feed_json.load(raw)


def test_other_claims_are_ignored() -> None:
    """Claims that a later version may add are ignored (RFC 7519 §4)."""
    members = json.loads(dump(FEED))
    assert feed_json.load(json.dumps({**members, "more": [1]}).encode()) == FEED
