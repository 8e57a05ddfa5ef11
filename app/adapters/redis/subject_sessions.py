"""The sessions of one subject: listed, and ended together."""

from collections.abc import Sequence
from typing import Final, NamedTuple

from ...domain.identifiers import SessionId, Subject
from ...domain.sessions.session import RevocationReason, Session, SessionPosition
from .stored_sessions import StoredSessions
from .subject_list import Listed, SubjectList

_PAGE: Final = 256
_MIN_PAGE: Final = 16
"""The most and the fewest listed sessions that are read at once."""

_MAX_REVOKED: Final = 1_000
"""The most sessions that one call ends because they are too many."""

_CLOCK_MARGIN: Final = 60
"""Seconds. A session that is over for this instance may be live for one whose clock is behind, but for less."""


class _Live(NamedTuple):
    rotated_at: float
    session_id: SessionId


class SubjectSessions:
    """Reads the list of a subject page by page, and the sessions that a page names with one message for each server."""

    def __init__(self, subject_list: SubjectList, stored: StoredSessions) -> None:
        self._list = subject_list
        self._stored = stored

    async def list_live(
        self, subject: Subject, *, now: float, limit: int, after: SessionPosition | None
    ) -> Sequence[Session]:
        """Return live sessions as ``SessionRepository.list_live_sessions`` says."""
        live: list[Session] = []
        page = min(max(limit, _MIN_PAGE), _PAGE)
        async for listed in self._list.oldest_first(subject, page, after):
            found = await self._stored.find_each([each.session_id for each in listed])
            missing = {each.session_id for each, session in zip(listed, found, strict=True) if session is None}
            await self._remove_missing(subject, listed, missing, now)
            live += [each for each in found if each is not None and _is_live(each, subject, now)]
            if len(live) >= limit:
                break
        return live[:limit]

    async def revoke(
        self, subject: Subject, *, reason: RevocationReason, now: float, keep: SessionId | None
    ) -> Sequence[Session]:
        """Revoke the live sessions as ``SessionRepository.revoke_subject`` says."""
        revoked: list[Session] = []
        async for listed in self._list.newest_first(subject, _PAGE):
            chosen = [each.session_id for each in listed if each.session_id != keep]
            result = await self._stored.revoke_live(chosen, subject, reason=reason, now=now)
            revoked += result.sessions
            await self._remove_missing(subject, listed, set(result.missing), now)
        return revoked

    async def revoke_excess(
        self, subject: Subject, *, limit: int, keep: SessionId | None, reason: RevocationReason, now: float
    ) -> Sequence[Session]:
        """Revoke the sessions that are too many as ``SessionRepository.revoke_excess`` says.

        The list is read only if it is longer than the limit. Sessions that ended are then removed from it, so that the
        next sign-ins need not read it.
        """
        if await self._list.size(subject) <= limit:
            return []
        live, not_live = await self._remove_ended(subject, now)
        oldest = sorted((each for each in live if each.session_id != keep), key=lambda each: each.rotated_at)
        excess = [each.session_id for each in oldest[: max(0, min(len(live) - limit, _MAX_REVOKED))]]
        chosen = await self._list.choose_excess(subject, excess, limit=limit, not_live=not_live)
        return await self._revoke_chosen(subject, [each for each in chosen if each != keep], reason, now)

    async def _revoke_chosen(
        self, subject: Subject, chosen: Sequence[SessionId], reason: RevocationReason, now: float
    ) -> Sequence[Session]:
        revoked: list[Session] = []
        for first in range(0, min(len(chosen), _MAX_REVOKED), _PAGE):
            page = chosen[first : min(first + _PAGE, _MAX_REVOKED)]
            result = await self._stored.revoke_live(page, subject, reason=reason, now=now)
            revoked += result.sessions
            await self._list.remove(subject, [each.session_id for each in result.sessions])
        return revoked

    async def _remove_ended(self, subject: Subject, now: float) -> tuple[Sequence[_Live], int]:
        """Remove the sessions that ended from the list. Return those that are live, the oldest first, and how many
        others stay in the list.
        """
        live: list[_Live] = []
        not_live = 0
        async for listed in self._list.oldest_first(subject, _PAGE):
            found = await self._stored.find_each([each.session_id for each in listed])
            ended = [one for one, session in zip(listed, found, strict=True) if _has_ended(one, session, subject, now)]
            await self._list.remove(subject, [each.session_id for each in ended])
            of_page = [each for each in found if each is not None and _is_live(each, subject, now)]
            live += [_Live(each.rotated_at, each.session_id) for each in of_page]
            not_live += len(listed) - len(ended) - len(of_page)
        return live, not_live

    async def _remove_missing(
        self, subject: Subject, listed: Sequence[Listed], missing: set[SessionId], now: float
    ) -> None:
        """Remove the sessions that do not exist from the list, unless their sign-in may be in progress."""
        gone = [each.session_id for each in listed if each.session_id in missing and each.is_old(now)]
        await self._list.remove(subject, gone)


def _is_live(session: Session, subject: Subject, now: float) -> bool:
    return session.subject == subject and session.is_live(now)


def _has_ended(listed: Listed, session: Session | None, subject: Subject, now: float) -> bool:
    """Return whether the session will never be live again, or never was one of the subject."""
    if session is None:
        return listed.is_old(now)
    return session.subject != subject or not session.is_live(now - _CLOCK_MARGIN)
