"""What is played to a follower, and the verdict on each document: the same for every language."""

import json
from dataclasses import dataclass
from typing import Any, Final

from app.adapters.keys.rsa_key import generate_rsa_key
from app.domain import base64url
from app.testing.builders import ISSUER
from tests.http.forgery import MISSING, Forge
from tests.http.guarded_app import AUDIENCE, jwk_set

NOW: Final = 1_764_100_800
SID: Final = base64url.encode(bytes(16))
OTHER_SID: Final = base64url.encode(bytes([1]) * 16)
FEED_TYPE: Final = "keyturn-revocations+jwt"

GOOD: Final = Forge(generate_rsa_key(2048))
NEXT: Final = Forge(generate_rsa_key(2048))
STRANGER: Final = Forge(generate_rsa_key(2048))


@dataclass(frozen=True, slots=True)
class Step:
    """One document that a follower gets at a time, and whether it accepts it. ``fresh`` asks whether it is current."""

    act: str
    text: str = ""
    is_good: bool = True
    at: int = NOW
    asked: str = ""

    def played(self) -> dict[str, Any]:
        """Return the step as a script reads it."""
        return {"act": self.act, "text": self.text, "at": self.at, "asked": self.asked}


def keys(*forges: Forge, is_good: bool = True) -> Step:
    """Return a JWK Set."""
    return Step("keys", json.dumps({"keys": [jwk_set(forge)["keys"][0] for forge in forges]}), is_good)


def feed(*, is_good: bool = True, at: int = NOW, signer: Forge = GOOD, typ: str = FEED_TYPE, **changes: Any) -> Step:
    """Return a feed that is signed at a time, as a first page."""
    return Step("first", _feed(at, signer, typ, changes), is_good, at)


def later(*, asked: str, is_good: bool = True, **changes: Any) -> Step:
    """Return a feed as a later page, after the position that was asked for."""
    return Step("later", _feed(NOW, GOOD, FEED_TYPE, changes), is_good, NOW, asked)


def token(*, is_good: bool = True, at: int = NOW, signer: Forge = GOOD, header: Any = None, **changes: Any) -> Step:
    """Return an access token of now."""
    claims = {
        "iss": ISSUER,
        "sub": "alice",
        "aud": AUDIENCE,
        "client_id": "first-party",
        "iat": NOW,
        "exp": NOW + 900,
        "jti": "token-1",
        "scope": "orders:read",
        "sid": SID,
        "auth_time": NOW,
        **changes,
    }
    present = {name: value for name, value in claims.items() if value is not MISSING}
    return Step("token", signer.token(present, **(header or {})), is_good, at)


def page(after: str, following: str | None = None, *sids: bytes) -> dict[str, Any]:
    """Return the member ``page`` with sessions that were revoked in one moment."""
    ids = base64url.encode(b"".join(sids))
    members = {"after": after, "from": NOW, "sids": ids, "steps": base64url.encode(bytes(len(sids)))}
    return members if following is None else {**members, "next": following}


def _feed(at: int, signer: Forge, typ: str, changes: dict[str, Any]) -> str:
    claims = {
        "iss": ISSUER,
        "iat": at,
        "exp": at + 60,
        "as_of": at,
        "since": 0,
        "window": 990,
        "keys": [GOOD.kid],
        "dropped": [],
        "revoked": {},
        "token_lifetime": 900,
        **changes,
    }
    present = {name: value for name, value in claims.items() if value is not MISSING}
    return signer.token(present, typ=typ)


_BEGUN: Final = (keys(GOOD), feed())
_P1, _P2 = base64url.encode(b"\x01" * 24), base64url.encode(b"\x02" * 24)

CASES: Final[dict[str, tuple[Step, ...]]] = {
    "accepts a token": (*_BEGUN, token(), token(sid=MISSING, auth_time=MISSING)),
    "refuses faulty tokens": (
        *_BEGUN,
        token(is_good=False, signer=STRANGER),
        token(is_good=False, signer=STRANGER, header={"kid": GOOD.kid}),
        token(is_good=False, header={"typ": "JWT"}),
        token(is_good=False, header={"typ": FEED_TYPE}),
        token(is_good=False, header={"jku": "https://evil.example"}),
        token(is_good=False, header={"alg": "HS256"}),
        token(is_good=False, header={"alg": "none"}),
        token(is_good=False, header={"kid": MISSING}),
        token(is_good=False, iss="https://evil.example"),
        token(is_good=False, aud="other"),
        token(is_good=False, jti=MISSING),
        token(is_good=False, exp=MISSING),
        token(is_good=False, iat=NOW + 60, exp=NOW + 960),
        token(is_good=False, exp=NOW + 100_000),
        token(is_good=False, at=NOW + 930),
        Step("token", "rubbish", is_good=False),
    ),
    "refuses a revoked session": (
        *_BEGUN,
        token(),
        feed(at=NOW + 2, revoked={SID: NOW + 1}),
        token(is_good=False, at=NOW + 2),
        token(at=NOW + 2, sid=OTHER_SID),
        feed(at=NOW + 4, since=NOW - 58),
        token(is_good=False, at=NOW + 4),
        feed(at=NOW + 1_100, since=NOW - 56),
        token(at=NOW + 1_100, iat=NOW + 1_100, exp=NOW + 2_000),
    ),
    "obeys the cut-off": (
        *_BEGUN,
        feed(at=NOW + 2, cut_off=NOW),
        token(is_good=False, at=NOW + 2),
        token(at=NOW + 2, auth_time=NOW + 1),
        token(at=NOW + 2, sid=MISSING, auth_time=MISSING),
        feed(at=NOW + 4, cut_off=NOW - 1, is_good=False),
        feed(at=NOW + 4),
        token(is_good=False, at=NOW + 4),
    ),
    "refuses faulty feeds": (
        *_BEGUN,
        feed(is_good=False, typ="at+jwt", revoked={SID: NOW}),
        feed(is_good=False, signer=STRANGER, keys=[STRANGER.kid], revoked={SID: NOW}),
        feed(is_good=False, iss="https://evil.example", revoked={SID: NOW}),
        feed(is_good=False, iat=NOW - 120, as_of=NOW - 120, exp=NOW - 60, revoked={SID: NOW}),
        feed(is_good=False, iat=NOW + 60, exp=NOW + 120, revoked={SID: NOW}),
        feed(is_good=False, as_of=NOW + 1, revoked={SID: NOW}),
        feed(is_good=False, iat=NOW - 1, as_of=NOW - 1, revoked={SID: NOW}),
        feed(is_good=False, keys=[], revoked={SID: NOW}),
        feed(is_good=False, dropped=[GOOD.kid], revoked={SID: NOW}),
        feed(is_good=False, since=NOW - 59, revoked={SID: NOW}),
        feed(is_good=False, page=page(_P1, None, bytes(16))),
        Step("first", "rubbish", is_good=False),
        token(),
    ),
    "trusts what the feed names": (
        keys(GOOD, NEXT),
        feed(keys=[GOOD.kid, NEXT.kid]),
        token(signer=NEXT),
        feed(at=NOW + 2),
        token(is_good=False, at=NOW + 2, signer=NEXT),
        feed(at=NOW + 4, keys=[GOOD.kid, NEXT.kid]),
        token(at=NOW + 4, signer=NEXT),
        feed(at=NOW + 6, dropped=[NEXT.kid]),
        feed(at=NOW + 8, keys=[GOOD.kid, NEXT.kid]),
        keys(GOOD, NEXT),
        token(is_good=False, at=NOW + 8, signer=NEXT),
        token(at=NOW + 8),
    ),
    "follows pages": (
        keys(GOOD),
        feed(page=page("0", _P1, bytes(16)), revoked=MISSING),
        token(is_good=False),
        later(asked=_P1, is_good=False, page=page("0", None, bytes([1]) * 16), revoked=MISSING),
        later(asked=_P1, is_good=False, page=page(_P2, None, bytes([1]) * 16), revoked=MISSING),
        later(asked=_P1, is_good=False, page=page(_P1, _P1, bytes([1]) * 16), revoked=MISSING),
        token(sid=OTHER_SID),
        later(asked=_P1, as_of=NOW - 10, page=page(_P1, None, bytes([1]) * 16), revoked=MISSING),
        token(is_good=False, sid=OTHER_SID),
        feed(at=NOW + 2, since=NOW - 60, is_good=False),
        feed(at=NOW + 2, since=NOW - 70),
    ),
    "obeys the lifetime": (
        *_BEGUN,
        feed(at=NOW + 2, token_lifetime=60, window=150),
        token(at=NOW + 80),
        token(is_good=False, at=NOW + 90),
        feed(at=NOW + 50, token_lifetime=900, since=NOW - 58),
        token(is_good=False, at=NOW + 90),
        feed(at=NOW + 52, token_lifetime=900),
        token(at=NOW + 90),
    ),
    "knows when it is stale": (
        Step("fresh", is_good=False),
        *_BEGUN,
        Step("fresh", at=NOW + 30),
        Step("fresh", at=NOW + 31, is_good=False),
        feed(at=NOW + 40, as_of=NOW + 5),
        Step("fresh", at=NOW + 40, is_good=False),
        feed(at=NOW + 42),
        Step("fresh", at=NOW + 42),
    ),
}
