"""Explanation: why a session ended."""

from math import inf
from typing import Final

from ...ports.audit_events import AuditEventRepository
from ...ports.clock import Clock
from ...ports.sessions import SessionRepository
from ...ports.users import UserRepository
from ..errors import SessionNotFound
from ..model.identifiers import SessionId, Subject
from ..model.kept_event import KeptEvent
from ..model.session import Session
from ..model.timeline import Timeline, timeline

_AFTERWARDS: Final = 60.0
"""Seconds after a session's end in which what happened to its user may have been why."""


class Explanation:
    """Tells what became of a session. ``events`` is ``None`` where the database keeps none."""

    def __init__(
        self,
        *,
        sessions: SessionRepository,
        users: UserRepository,
        events: AuditEventRepository | None,
        clock: Clock,
    ) -> None:
        self._sessions = sessions
        self._users = users
        self._events = events
        self._clock = clock

    async def explain(self, session_id: SessionId) -> Timeline:
        """Return the session's events and its user's within its life, and what became of it.

        Raises ``SessionNotFound`` for a session of which neither the store nor an event knows.
        """
        session = await self._sessions.find(session_id)
        events = [] if self._events is None else list(await self._events.of_session(session_id))
        subject = session.subject if session is not None else next((each.subject for each in events), None)
        if subject is None:
            raise SessionNotFound
        user = await self._users.find(subject)
        return timeline(
            session_id,
            session,
            await self._with_those_of(subject, session, events),
            credential_version=None if user is None or user.disabled else user.credential_version,
            now=self._clock.now(),
        )

    async def _with_those_of(
        self, subject: Subject, session: Session | None, events: list[KeptEvent]
    ) -> list[KeptEvent]:
        """Add what happened to the user while the session lived; failed sign-ins are no part of it."""
        if self._events is None:
            return events
        began = min([each.at for each in events] + ([session.created_at] if session is not None else []))
        ended = max((each.at for each in events if each.name == "session_was_revoked"), default=inf)
        until = min(ended + _AFTERWARDS, self._clock.now())
        of_user = await self._events.of_subject(subject, since=began, until=until)
        lived = [each for each in of_user if each.name != "login_failed"]
        return sorted([*lived, *events], key=lambda each: each.at)
