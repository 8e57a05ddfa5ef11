"""The claim ``page`` of the feed: revoked sessions in at most 32 bytes each."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Final

from ...domain import base64url
from ...domain.identifiers import SESSION_ID_BYTES, SessionId
from ...domain.tokens.feed import FeedPage
from ...domain.tokens.revoked_session import RevokedSession

_MORE: Final = 255
"""A byte that is added to the next one."""


def packed(page: FeedPage, revoked: Iterable[RevokedSession]) -> Mapping[str, object]:
    """Return the claim. The ids are one text. In another one, each session has the seconds since the one before it,
    mostly one byte. Both are base64url, so that a session takes 23 characters of JSON and 30.3 bytes of the JWT.
    """
    ids, steps = bytearray(), bytearray()
    first = last = 0
    for session_id, revoked_at in revoked:
        at = int(revoked_at)
        if not ids:
            first = last = at
        more, rest = divmod(max(0, at - last), _MORE)
        steps += bytes([_MORE]) * more + bytes([rest])
        ids += session_id
        last = at
    members = {"after": page.after, "from": first, "sids": _text(ids), "steps": _text(steps)}
    return members if page.next is None else {**members, "next": page.next}


def unpacked(claim: object) -> tuple[FeedPage, Sequence[RevokedSession]]:
    """Return the page and its sessions; raises ``ValueError`` for a claim of another form."""
    if not isinstance(claim, dict):
        raise ValueError("page is of another type")  # noqa: TRY004  # the fault is in the text
    first, following = claim.get("from"), claim.get("next")
    if type(first) is not int or first < 0 or not isinstance(following, str | None):
        raise ValueError("from or next of the page is missing or of another type")
    page = FeedPage(_member(claim, "after"), following)
    ids, steps = base64url.decode(_member(claim, "sids")), base64url.decode(_member(claim, "steps"))
    places = range(0, len(ids), SESSION_ID_BYTES)
    times = _times(first, steps)
    try:
        revoked = [RevokedSession(SessionId(ids[at : at + SESSION_ID_BYTES]), next(times)) for at in places]
    except StopIteration:
        raise ValueError("steps of the page are too few") from None
    if len(ids) % SESSION_ID_BYTES or next(times, None) is not None or steps[-1:] == bytes([_MORE]):
        raise ValueError("sids and steps of the page do not belong together")
    return page, revoked


def _times(first: int, steps: bytes) -> Iterator[int]:
    at = first
    for step in steps:
        at += step
        if step != _MORE:
            yield at


def _member(claim: Mapping[str, object], name: str) -> str:
    value = claim.get(name)
    if not isinstance(value, str):
        raise ValueError(f"{name} of the page is missing or of another type")  # noqa: TRY004  # as above
    return value


def _text(raw: bytearray) -> str:
    return base64url.encode(bytes(raw))
