"""Explanation: why a session ended."""

from collections.abc import Sequence
from typing import Final

from ...ports.audit_record_repository import AuditRecordRepository
from ...ports.clock import Clock
from ...ports.session_repository import SessionRepository
from ...ports.user_repository import UserRepository
from ..audit.events import AuditEvent, LoginFailed, SessionEvent
from ..audit.record import AuditRecord, names_of
from ..identifiers import SessionId, Subject
from .errors import SessionNotFound
from .policy import SessionPolicy
from .session import earlier
from .timeline import AFTERWARDS, REFRESHED, Timeline, timeline

_MOST: Final = 1_000
"""Events of a kind that are told of a session: the last."""

_MOST_FAILURES: Final = 20


class Explanation:
    """Tells what became of a session. ``events`` is ``None`` where the database keeps none."""

    def __init__(
        self,
        *,
        sessions: SessionRepository,
        users: UserRepository,
        events: AuditRecordRepository | None,
        clock: Clock,
        session_policy: SessionPolicy,
    ) -> None:
        self._sessions = sessions
        self._users = users
        self._events = events
        self._clock = clock
        self._session_policy = session_policy

    async def explain(self, session_id: SessionId) -> Timeline:
        """Return the session's events, its user's and those about everybody within its life, and what became of it.

        Raises ``SessionNotFound`` for a session of which neither the store nor an event knows.
        """
        session = await self._sessions.find(session_id)
        own = [] if self._events is None else await self._events.list_for_session(session_id, limit=_MOST)
        subject = session.subject if session is not None else next((each.subject for each in own), None)
        if subject is None:
            raise SessionNotFound
        began = min([each.at for each in own] + ([session.created_at] if session is not None else []))
        ends_at = self._end(began, own) if session is None else session.ends_at()
        around = await self._around(subject, since=began, until=ends_at + AFTERWARDS)
        user = await self._users.find(subject)
        return timeline(
            session_id,
            session,
            sorted([*around, *own], key=lambda each: each.at),
            ends_at=ends_at,
            credential_version=None if user is None or user.disabled else user.credential_version,
            now=self._clock.now(),
        )

    def _end(self, began: float, own: Sequence[AuditRecord]) -> float:
        """Return when a session that the store has deleted would have ended by itself."""
        used = max([began] + [each.at for each in own if each.name == REFRESHED])
        return earlier(began + self._session_policy.lifetime, self._session_policy.idle_deadline(used))

    async def _around(self, subject: Subject, *, since: float, until: float) -> list[AuditRecord]:
        """Return what happened to the user and to everybody; the sign-ins that failed apart, for they may be many."""
        if self._events is None:
            return []
        changes = names_of(AuditEvent) - names_of(SessionEvent) - names_of(LoginFailed)
        found: list[AuditRecord] = []
        for about, names, limit in (
            (subject, changes, _MOST),
            (None, changes, _MOST),
            (subject, names_of(LoginFailed), _MOST_FAILURES),
        ):
            found += await self._events.list_for_subject(about, names=names, since=since, until=until, limit=limit)
        return found
