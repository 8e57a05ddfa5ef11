"""The limit on the live sessions of one subject."""

import os
from collections.abc import Sequence
from typing import Final

from ...domain.identifiers import SessionId, Subject
from ...domain.sessions.session import RevocationReason, Session
from .acts import attempts
from .client import ABSENT
from .session_changes import Guard, SessionChanges, ids_of
from .session_keys import after_all

_MAX_REVOKED: Final = 1_000
_ALL: Final = 10_000_000
_TOKEN_BYTES: Final = 16


class SessionExcess:
    """Revokes the sessions of a subject that are too many.

    Several calls at once must not choose different sessions. So each commit changes the guard of the subject, and a
    call whose guard another one has changed reads and chooses again. The value of a guard says which call changed it.
    """

    def __init__(self, changes: SessionChanges) -> None:
        self._changes = changes

    async def unrevoked(self, subject: Subject) -> list[SessionId]:
        """Return the sessions of a subject that are not revoked, the oldest first."""
        prefix = self._changes.keys.of_subject(subject)
        pages = self._changes.pages(prefix, after_all(prefix), limit=_ALL)
        return [session_id async for page in pages for session_id in ids_of(page)]

    async def revoke(
        self, subject: Subject, *, limit: int, keep: SessionId | None, reason: RevocationReason, now: float
    ) -> Sequence[Session]:
        """Revoke sessions until at most ``limit`` are live, as ``SessionRepository.revoke_excess`` says. Almost every
        call finds that there are not more, and reads no session.
        """
        revoked: list[Session] = []
        async for _ in attempts():
            key = self._changes.keys.guard(subject)
            revision = await self._revision(key)
            excess = await self._choose(subject, limit=limit, keep=keep, now=now)
            excess = excess[: _MAX_REVOKED - len(revoked)]
            if await self._revoke_each(excess, Guard(key, revision, os.urandom(_TOKEN_BYTES)), reason, now, revoked):
                return revoked
        return revoked

    async def _choose(self, subject: Subject, *, limit: int, keep: SessionId | None, now: float) -> list[SessionId]:
        unrevoked = await self.unrevoked(subject)
        if len(unrevoked) <= limit:
            return []
        live = [each async for each in self._changes.read_each(unrevoked) if each.is_live(now)]
        others = sorted((each for each in live if each.session_id != keep), key=lambda each: each.rotated_at)
        return [each.session_id for each in others[: max(0, len(live) - limit)]]

    async def _revoke_each(
        self, excess: Sequence[SessionId], guard: Guard, reason: RevocationReason, now: float, revoked: list[Session]
    ) -> bool:
        """Revoke the chosen sessions and append them to ``revoked``; return whether no other call came between."""

        def rule(stored: Session, cut_off: int | None) -> Session | None:
            session = stored.ended_by(cut_off)
            return session.revoked(reason=reason, now=now) if session.is_live(now) else None

        for first in range(0, len(excess), self._changes.most_at_once):
            if first and (guard := guard._replace(revision=await self._revision(guard.key, guard.value))).revision < 0:
                return False
            read = await self._changes.read(excess[first : first + self._changes.most_at_once])
            done = await self._changes.commit(read, rule, guard=guard)
            if done is None:
                return False
            revoked += done
        return True

    async def _revision(self, key: bytes, value: bytes | None = None) -> int:
        """Return the revision of a guard; -1 if it has not this value."""
        for entry in await self._changes.client.get([key]):
            return entry.revision if value in (None, entry.value) else -1
        return ABSENT if value is None else -1
