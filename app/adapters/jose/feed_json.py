"""Convert the revocation feed to JSON claims and back."""

import json
from collections.abc import Iterator, Mapping, Sequence
from itertools import islice
from typing import Final

from ...domain.identifiers import format_session_id, parse_session_id
from ...domain.tokens.feed import Feed
from ...domain.tokens.revoked_session import RevokedSession
from .. import strict_json
from .feed_pages import packed, unpacked

TYPE: Final = "keyturn-revocations+jwt"
"""The ``typ`` of the feed, which no other token has (RFC 8725 §3.11)."""

_SESSIONS_IN_PART: Final = 2_000

_NUMBERS: Final = ("iat", "exp", "as_of", "since", "window")
_to_json = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode


def parts(feed: Feed) -> Iterator[bytes]:
    """Yield ``feed`` as a JSON object in parts, which take a few milliseconds each.

    The times of revocations are rounded down to whole seconds.
    """
    members: dict[str, object] = {
        "iss": feed.issuer,
        "iat": feed.issued_at,
        "exp": feed.expires_at,
        "as_of": feed.as_of,
        "since": feed.since,
        "window": feed.window,
        "keys": feed.keys,
        "dropped": feed.dropped,
    }
    if feed.token_lifetime is not None:
        members["token_lifetime"] = feed.token_lifetime
    if feed.cut_off is not None:
        members["cut_off"] = feed.cut_off
    if feed.page is not None:
        yield _to_json({**members, "page": packed(feed.page, feed.revoked)}).encode()
        return
    yield _to_json(members).encode()[:-1] + b',"revoked":{'
    comma = ""
    sessions = iter(feed.revoked)
    while some := [*islice(sessions, _SESSIONS_IN_PART)]:
        yield (comma + ",".join(f'"{format_session_id(sid)}":{int(at)}' for sid, at in some)).encode()
        comma = ","
    yield b"}}"


def load(raw: bytes) -> Feed:
    """Return the feed in ``raw``; raises ``ValueError`` if a claim is missing or of another type.

    Other claims are ignored (RFC 7519 §4).
    """
    members = strict_json.loads(raw)
    if not isinstance(members, dict):
        raise ValueError("the claims are not an object")  # noqa: TRY004  # the fault is in the text
    page, revoked = unpacked(members["page"]) if "page" in members else (None, _revoked(members.get("revoked")))
    issued_at, expires_at, as_of, since, window = (_number(members, name) for name in _NUMBERS)
    return Feed(
        issuer=_text(members.get("iss"), "iss"),
        issued_at=issued_at,
        expires_at=expires_at,
        as_of=as_of,
        since=since,
        window=window,
        keys=_texts(members, "keys"),
        dropped=_texts(members, "dropped"),
        revoked=revoked,
        token_lifetime=_optional_number(members, "token_lifetime"),
        cut_off=_optional_number(members, "cut_off"),
        page=page,
    )


def _number(members: Mapping[str, object], name: str) -> int:
    value = members.get(name)
    if type(value) is not int or value < 0:
        raise ValueError(f"{name} is missing, negative or of another type")
    return value


def _optional_number(members: Mapping[str, object], name: str) -> int | None:
    return _number(members, name) if name in members else None


def _text(value: object, name: str) -> str:
    if not isinstance(value, str):
        raise ValueError(f"{name} is missing or of another type")  # noqa: TRY004  # as above
    return value


def _texts(members: Mapping[str, object], name: str) -> tuple[str, ...]:
    value = members.get(name)
    if not isinstance(value, list):
        raise ValueError(f"{name} is missing or of another type")  # noqa: TRY004  # as above
    return tuple(_text(each, name) for each in value)


def _revoked(value: object) -> Sequence[RevokedSession]:
    if not isinstance(value, dict) or not all(type(at) is int and at >= 0 for at in value.values()):
        raise ValueError("revoked is missing or of another type")
    return [RevokedSession(parse_session_id(sid), at) for sid, at in value.items()]
