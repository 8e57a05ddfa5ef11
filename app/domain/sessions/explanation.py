"""Explanation: why a session ended."""

from collections.abc import Sequence
from typing import Final

from ...ports.audit_record_repository import AuditRecordRepository
from ...ports.clock import Clock
from ..audit.events import AuditEvent, LoginFailed, LoginSucceeded, SessionEvent
from ..audit.record import AuditRecord, event_name, event_names
from ..identifiers import SessionId, Subject
from .errors import SessionNotFound
from .lookup import SessionLookup
from .session import SessionPolicy
from .timeline import REFRESHED, SECONDS_AFTER_END, Timeline, timeline

_MAX_RECORDS: Final = 1_000
"""Records of each kind; the latest ones are read."""

_MAX_FAILED_LOGINS: Final = 20


class Explanation:
    """Explains from the store and the audit records what happened to a session.

    ``audit_records`` is ``None`` if the database keeps no audit records.
    """

    def __init__(
        self,
        *,
        lookup: SessionLookup,
        audit_records: AuditRecordRepository | None,
        clock: Clock,
        policy: SessionPolicy,
    ) -> None:
        self._lookup = lookup
        self._audit_records = audit_records
        self._clock = clock
        self._policy = policy

    async def explain(self, session_id: SessionId) -> Timeline:
        """Return how the session ended, with its own audit records, and those of its user and of all users during its
        lifetime.

        Raises ``SessionNotFound`` if neither the store nor an audit record has the session, and ``StoreUnavailable``.
        """
        session, credential_version = await self._lookup.find(session_id)
        own = (
            []
            if self._audit_records is None
            else await self._audit_records.list_for_session(session_id, limit=_MAX_RECORDS)
        )
        subject = session.subject if session is not None else next((each.subject for each in own), None)
        if subject is None:
            raise SessionNotFound
        began = min([each.at for each in own] + ([session.created_at] if session is not None else []))
        ends_at = self._expected_end(began, own) if session is None else session.ends_at()
        others = await self._other_records(subject, since=began, until=ends_at + SECONDS_AFTER_END)
        return timeline(
            session_id,
            session,
            sorted([*others, *own], key=lambda each: each.at),
            ends_at=ends_at,
            credential_version=credential_version,
            now=self._clock.now(),
        )

    async def sign_ins(self, subject: Subject, *, limit: int) -> Sequence[AuditRecord]:
        """Return the records of the last ``limit`` sign-ins of a user, the earliest first.

        Raises ``StoreUnavailable``.
        """
        if self._audit_records is None:
            return []
        return await self._audit_records.list_named(subject, event_name(LoginSucceeded), limit=limit)

    def _expected_end(self, began: float, own: Sequence[AuditRecord]) -> float:
        """Return when a session that the store has deleted would have expired."""
        last_refresh = max([began] + [each.at for each in own if each.name == REFRESHED])
        return self._policy.ends_at(created_at=began, rotated_at=last_refresh)

    async def _other_records(self, subject: Subject, *, since: float, until: float) -> list[AuditRecord]:
        """Return the records about the user and about all users. Failed logins, which may be many, have a limit of
        their own.
        """
        if self._audit_records is None:
            return []
        changes = event_names(AuditEvent) - event_names(SessionEvent) - event_names(LoginFailed)
        found: list[AuditRecord] = []
        for about, names, limit in (
            (subject, changes, _MAX_RECORDS),
            (None, changes, _MAX_RECORDS),
            (subject, event_names(LoginFailed), _MAX_FAILED_LOGINS),
        ):
            found += await self._audit_records.list_for_subject(
                about, names=names, since=since, until=until, limit=limit
            )
        return found
