"""The limit on the live sessions of one user."""

from contextlib import suppress

from ...ports.session_repository import SessionRepository
from ..errors import StoreUnavailable
from ..identifiers import SessionId, Subject
from .revocation import Revocation
from .session import SessionPolicy


class SessionLimit:
    """Ends the sessions of a user that are too many, those first that were not refreshed for the longest time."""

    def __init__(self, *, sessions: SessionRepository, revocation: Revocation, policy: SessionPolicy) -> None:
        self._sessions = sessions
        self._revocation = revocation
        self._policy = policy
        self._next_page: str | None = ""

    async def enforce(self, subject: Subject, *, keep: SessionId | None) -> None:
        """End the sessions of ``subject`` beyond the limit, but never ``keep``.

        While the store does not answer, the user has more sessions than the limit; the next sign-in ends them.
        """
        with suppress(StoreUnavailable):
            await self._revocation.revoke_excess(subject, limit=self._policy.max_sessions, keep=keep)

    async def enforce_next_page(self) -> None:
        """End the sessions beyond the limit of the next users, until every user had their turn once.

        Call this again and again after a start: an earlier version had no limit, or its limit was higher. Raises
        ``StoreUnavailable``; the next call continues.
        """
        if self._next_page is None:
            return
        limit = self._policy.max_sessions
        crowded = await self._sessions.list_crowded_subjects(more_than=limit, after=self._next_page)
        for subject in crowded.subjects:
            while await self._revocation.revoke_excess(subject, limit=limit, keep=None):
                pass
        self._next_page = crowded.next
