"""The battery of attacks: one table of requests, and the answers that every guard gives to them.

A guard of another framework needs a driver (see ``drivers.py``), and passes the same table.
"""

import hashlib
import hmac
import json
import random
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final, NamedTuple

from app.domain import base64url
from tests.http.forgery import MISSING, Forge
from tests.http.guarded_app import AUDIENCE
from tests.http.guarded_app import claims as claims_now

REVOKED_SID: Final = base64url.encode(b"revoked session!")
CUT_OFF_SECONDS: Final = 10_000
"""The sessions that began so many seconds ago have ended."""

MALFORMED: Final = "Invalid token format"
SIGNATURE: Final = "signature is invalid"
UNKNOWN: Final = "key is not known here"


class Attack(NamedTuple):
    """A request, and what the answer must be: its statuses, and a part of ``WWW-Authenticate``.

    A server may refuse bytes that are no header itself, with 400.
    """

    name: str
    headers: tuple[bytes, ...]
    statuses: tuple[int, ...] = (401,)
    challenge: str = ""


@dataclass(frozen=True)
class Keys:
    """The keys of the issuer, one that it has dropped, and one of somebody else."""

    issuer: Forge
    dropped: Forge
    stranger: Forge


_KIDS: Final[tuple[Any, ...]] = (5, [], None, {}, True, MISSING)
_NO_TEXTS: Final[tuple[Any, ...]] = (5, None, [], {}, True)
_NO_TIMES: Final[tuple[Any, ...]] = ("1", None, [], 1.5, True)

_HEADERS: Final[dict[str, dict[str, Any]]] = {
    **{
        f"alg {alg}": {"alg": alg}
        for alg in ("none", None, "HS256", "PS256", "rs256", "ES256", "RS512", "", 5, MISSING)
    },
    **{
        f"typ {typ}": {"typ": typ}
        for typ in ("JWT", "application/at+jwt", "", None, 5, "keyturn-revocations+jwt", MISSING)
    },
    **{f"kid {kid!r:.20}": {"kid": kid} for kid in _KIDS},
    "jku": {"jku": "https://evil.example/jwks.json"},
    "x5u": {"x5u": "https://evil.example/cert.pem"},
    "x5c": {"x5c": ["MIIB"]},
    "x5t": {"x5t": "AAAA"},
    "jwk": {"jwk": {"kty": "RSA", "n": "AQAB", "e": "AQAB"}},
    "crit": {"crit": ["exp"]},
    "empty crit": {"crit": []},
    "b64": {"b64": False, "crit": ["b64"]},
    "cty": {"cty": "JWT"},
    "zip": {"zip": "DEF"},
    "enc": {"enc": "A128GCM"},
}

_REQUIRED: Final = ("iss", "sub", "aud", "client_id", "iat", "exp", "jti", "scope")
_TEXTS: Final = ("iss", "sub", "client_id", "jti", "scope", "sid")
_TIMES: Final = ("iat", "exp", "auth_time")


def attacks(keys: Keys, issuer: str) -> list[Attack]:
    """Return all attacks against a guard of ``issuer``."""
    good = claims_now(iss=issuer)
    found = [
        *_malformed_tokens(keys.issuer, good),
        *_untrusted_tokens(keys, good),
        *_malformed_headers(keys.issuer.token(good)),
    ]
    assert len({each.name for each in found}) == len(found)
    return found


def bearer(token: str) -> tuple[bytes]:
    """Return the header lines of a request with a token."""
    return (b"Authorization: Bearer " + token.encode(),)


def _malformed_tokens(forge: Forge, good: Mapping[str, object]) -> Iterator[Attack]:
    """Yield tokens with the right signature that the issuer would never write, and texts that are no tokens."""
    now = int(time.time())
    for name, header in _HEADERS.items():
        yield Attack(name, bearer(forge.token(good, **header)), challenge=MALFORMED)
    for name, changes in _wrong_claims(now).items():
        changed = {key: value for key, value in {**good, **changes}.items() if value is not MISSING}
        yield Attack(name, bearer(forge.token(changed)), challenge=MALFORMED)
    for number, (header_text, payload) in enumerate(_malformed_json(forge, good)):
        yield Attack(f"malformed JSON {number}", bearer(forge.sign(header_text, payload)), challenge=MALFORMED)
    for number, text in enumerate(_spellings(forge.token(good))):
        yield Attack(f"spelling {number}", bearer(text), challenge=MALFORMED)


def _wrong_claims(now: int) -> dict[str, dict[str, Any]]:
    return {
        **{f"no {name}": {name: MISSING} for name in _REQUIRED},
        **{f"{name} {value!r}": {name: value} for name in _TEXTS for value in _NO_TEXTS},
        **{f"{name} {value!r}": {name: value} for name in _TIMES for value in _NO_TIMES},
        **{f"aud {value!r}": {"aud": value} for value in (*_NO_TEXTS, [AUDIENCE, 5])},
        "exp beyond a day": {"exp": now + 86_401},
        "exp before iat": {"iat": now + 20, "exp": now},
        "scope malformed": {"scope": "orders:read  orders:write"},
        "sid too short": {"sid": "AAAA"},
        "sid without auth_time": {"auth_time": MISSING},
        "auth_time without sid": {"sid": MISSING},
    }


def _malformed_json(forge: Forge, good: Mapping[str, object]) -> Iterator[tuple[bytes, bytes]]:
    header, claims = json.dumps(forge.header()).encode(), json.dumps(good).encode()
    for payload in (
        b"",
        b"[]",
        b"5",
        b"null",
        b"\xff",
        b"\xef\xbb\xbf" + claims,
        claims.decode().encode("utf-16"),
        claims[:-1],
        claims + b"{}",
        claims[:-1] + b', "sub": "root"}',
        claims[:-1] + b', "x": NaN}',
        claims[:-1] + b', "x": Infinity}',
        claims[:-1] + b', "x": ' + b"9" * 5_000 + b"}",
        claims[:-1] + b', "x": ' + b"[" * 1_500 + b"]" * 1_500 + b"}",
        claims[:-1] + b', "x": "\\ud800"}',
    ):
        yield header, payload
    for changed in (b"[]", b"\xff", b"", header[:-1] + b', "alg": "RS256"}', b'{"a":' * 400 + b"1" + b"}" * 400):
        yield changed, claims


def _spellings(token: str) -> Iterator[str]:
    header, claims, signature = token.split(".")
    alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
    yield from (
        f"{header}.{claims}.{signature}==",
        f"{header}=.{claims}.{signature}",
        f"{header}.{claims}.{signature[:-1]}{alphabet[alphabet.index(signature[-1]) ^ 1]}",
        f"{header}..{claims}.{signature}",
        f"{header}.{claims}",
        f"{header}.{claims}.",
        f".{claims}.{signature}",
        f"{header}..{signature}",
        f"{header}.{claims}. {signature}",
        f"{header}.{claims}.{signature}.",
        f"{header}.{claims}.{signature}.{signature}.{signature}",
        f"{header}.{claims}.{signature},",
        f"{header}.{claims}.{signature} x",
        f'"{token}"',
        "x",
        "..",
        "a.b.c",
        "null",
        "x" * 7_000,
        "ktr_" + "A" * 43,
    )
    chosen = random.Random(20)  # noqa: S311  # any bytes do
    for length in (1, 20, 300, 2_000):
        yield base64url.encode(chosen.randbytes(length))


def _untrusted_tokens(keys: Keys, good: Mapping[str, object]) -> Iterator[Attack]:
    """Yield well-formed tokens that the guard must not trust, with the reason that it gives."""
    now, forge = int(time.time()), keys.issuer

    def token(
        name: str, reason: str, sign: Forge = forge, header: Mapping[str, Any] | None = None, **changes: Any
    ) -> Attack:
        return Attack(name, bearer(sign.token({**good, **changes}, **(header or {}))), challenge=reason)

    yield token("stranger's key", UNKNOWN, keys.stranger)
    yield token("stranger's key with our kid", SIGNATURE, keys.stranger, {"kid": forge.kid})
    yield token("our key with a stranger's kid", UNKNOWN, forge, {"kid": keys.stranger.kid})
    yield token("dropped key", UNKNOWN, keys.dropped)
    yield token("dropped key with our kid", SIGNATURE, keys.dropped, {"kid": forge.kid})
    yield token("our key with the dropped kid", UNKNOWN, forge, {"kid": keys.dropped.kid})
    yield from _tampered_tokens(forge, good)
    for ago in (31, 60, 3_600, 1_000_000, now - 1_000):
        yield token(f"expired {ago} seconds ago", "expired", iat=now - ago - 900, exp=now - ago, auth_time=now)
    for ahead in (600, 3_600):
        yield token(f"issued in {ahead} seconds", "not valid yet", iat=now + ahead, exp=now + ahead + 900)
    for issuer in ("https://evil.example", f"{good['iss']}/", str(good["iss"]).upper(), "", "null"):
        reason = "issuer" if issuer else ""
        yield token(f"issuer {issuer!r}", reason, iss=issuer)
    for audience in (
        "keyturn",
        AUDIENCE + "2",
        AUDIENCE.upper(),
        ["shop", "stock"],
        f"{AUDIENCE} shop",
        f" {AUDIENCE}",
    ):
        yield token(f"audience {audience!r}", "audience", aud=audience)
    yield token("revoked session", "revoked", sid=REVOKED_SID)
    yield token("revoked session, new jti", "revoked", sid=REVOKED_SID, jti="another")
    for before in (60, 600, 5_000):
        yield token(f"session {before} before the cut-off", "revoked", auth_time=now - CUT_OFF_SECONDS - before)


def _tampered_tokens(forge: Forge, good: Mapping[str, object]) -> Iterator[Attack]:
    """Yield parts of two tokens, and signatures by other algorithms."""
    mine, others = forge.token(good).split("."), forge.token({**good, "sub": "root"}).split(".")
    yield Attack("another signature", bearer(".".join([*mine[:2], others[2]])), challenge=SIGNATURE)
    yield Attack("another payload", bearer(".".join([mine[0], others[1], mine[2]])), challenge=SIGNATURE)
    yield Attack(
        "empty signature bytes", bearer(".".join([*mine[:2], base64url.encode(bytes(256))])), challenge=SIGNATURE
    )
    yield Attack(
        "short signature", bearer(".".join([*mine[:2], base64url.encode(bytes(255))])), challenge="invalid_token"
    )
    yield Attack(
        "long signature", bearer(".".join([*mine[:2], base64url.encode(bytes(257))])), challenge="invalid_token"
    )
    for alg in ("HS256", "RS256"):
        signed = ".".join(base64url.encode(json.dumps(part).encode()) for part in (forge.header(alg=alg), good))
        digest = hmac.digest(forge.public_pem(), signed.encode(), hashlib.sha256)
        yield Attack(
            f"HMAC with the public key as {alg}",
            bearer(f"{signed}.{base64url.encode(digest)}"),
            challenge="invalid_token",
        )


def _malformed_headers(token: str) -> Iterator[Attack]:
    """Yield requests without a token, and with more than one reading."""
    good = token.encode()
    yield Attack("no header", (), challenge="Bearer")
    for number, value in enumerate((b"", b"Basic YTpi", b"Bearer" + good, b"bearer:" + good, b"Token " + good, good)):
        yield Attack(f"no bearer token {number}", (b"Authorization: " + value,), challenge="Bearer")
    yield Attack("token in another header", (b"X-Authorization: Bearer " + good,))
    yield Attack("token in a cookie", (b"Cookie: access_token=" + good,))
    yield Attack("empty bearer token", (b"Authorization: Bearer ",))
    line = b"Authorization: Bearer " + good
    for name, lines in {
        "twice": (line, line),
        "twice in another case": (line, line.replace(b"Authorization", b"AUTHORIZATION")),
        "good, then rubbish": (line, b"authorization: Bearer x"),
        "rubbish, then good": (b"authorization: Bearer x", line),
        "good, then Basic": (line, b"Authorization: Basic YTpi"),
        "Basic, then good": (b"Authorization: Basic YTpi", line),
        "good, then empty": (line, b"Authorization:"),
        "three times": (line, line, line),
    }.items():
        yield Attack(f"header {name}", lines, statuses=(400,))
    yield Attack("two tokens in one header", (line + b", Bearer " + good,))
    yield Attack("space before the colon", (b"Authorization : Bearer " + good,), statuses=(400, 401))
    yield Attack("underscore", (b"Authorization_: Bearer " + good,), statuses=(400, 401))
    for name, junk in {
        "NUL": b"\x00",
        "bare CR": b"\r",
        "DEL": b"\x7f",
        "Latin-1": b"\xff",
        "UTF-8": "é".encode(),
    }.items():
        yield Attack(f"{name} in the token", (line + junk + b"x",), statuses=(400, 401))
        yield Attack(f"{name} as the token", (b"Authorization: Bearer " + junk,), statuses=(400, 401))


GUARDED_PATHS: Final[tuple[bytes, ...]] = (
    b"/orders",
    b"/orders/",
    b"//orders",
    b"/./orders",
    b"/ORDERS",
    b"/orders?public=1",
    b"/orders#/welcome",
    b"/orders;/welcome",
    b"/welcome/../orders",
    b"/welcome/%2e%2e/orders",
    b"/open/../orders",
    b"/open/..%2forders",
    b"/open/%2e%2e/orders",
    b"/open/%2E%2E%2Forders",
    b"/open%2f..%2forders",
    b"/open/..\\orders",
    b"/open/..%5corders",
    b"/open//../orders",
    b"/open/..;/orders",
    b"/%6frders",
    b"/%2forders",
    b"/forgotten",
    b"/forgotten/",
    b"http://127.0.0.1/orders",
    b"/welcome%00/orders",
    b"/api/orders",
    b"/api//orders",
    b"/api/welcome/orders",
)
"""Targets that may lead to a handler that needs a token, in an application or in a proxy."""

Verdicts = dict[str, tuple[int, str]]
Making = Callable[[Keys, str], list[Attack]]
