"""Audit events in a database."""

import json
from collections.abc import Sequence
from typing import Any, Final

from sqlalchemy import Row, bindparam, delete, select
from sqlalchemy.dialects.postgresql import insert as postgresql_insert
from sqlalchemy.dialects.sqlite import insert as sqlite_insert

from ...domain.model.identifiers import ClientId, SessionId, Subject
from ...domain.model.kept_event import KeptEvent
from .acts import Acts
from .schema import AUDIT_EVENTS

_EVENT: Final = AUDIT_EVENTS.c

_OF_SESSION: Final = (
    select(AUDIT_EVENTS).where(_EVENT.session_id == bindparam("id")).order_by(_EVENT.at, _EVENT.event_id)
)
_OF_SUBJECT: Final = (
    select(AUDIT_EVENTS)
    .where(
        _EVENT.subject == bindparam("of_subject"),
        _EVENT.session_id.is_(None),
        _EVENT.at.between(bindparam("since"), bindparam("until")),
    )
    .order_by(_EVENT.at, _EVENT.event_id)
)
_OLD: Final = (
    select(_EVENT.event_id)
    .where(_EVENT.at < bindparam("moment"))
    .limit(bindparam("most"))
    .with_for_update(skip_locked=True)
)
_DELETE_OLD: Final = delete(AUDIT_EVENTS).where(_EVENT.event_id.in_(_OLD))


class SqlAuditEventRepository:
    """The table ``audit_events``."""

    def __init__(self, acts: Acts, *, dialect: str) -> None:
        self._acts = acts
        self._insert: Any = sqlite_insert if dialect == "sqlite" else postgresql_insert

    async def append(self, events: Sequence[KeptEvent]) -> None:
        if events:
            rows = self._insert(AUDIT_EVENTS).values([_row(event) for event in events])
            await self._acts.changes(rows.on_conflict_do_nothing(index_elements=[_EVENT.event_id]), {})

    async def of_session(self, session_id: SessionId) -> Sequence[KeptEvent]:
        return [_event(row) for row in await self._acts.rows(_OF_SESSION, {"id": session_id})]

    async def of_subject(self, subject: Subject, *, since: float, until: float) -> Sequence[KeptEvent]:
        asked = {"of_subject": subject, "since": since, "until": until}
        return [_event(row) for row in await self._acts.rows(_OF_SUBJECT, asked)]

    async def delete_before(self, moment: float, *, limit: int) -> int:
        return await self._acts.changes(_DELETE_OLD, {"moment": moment, "most": limit})


def _row(event: KeptEvent) -> dict[str, object]:
    return {
        "event_id": event.event_id,
        "at": event.at,
        "name": event.name,
        "request_id": event.request_id,
        "address": event.address,
        "session_id": event.session_id,
        "subject": event.subject,
        "client_id": event.client_id,
        "details": json.dumps(event.details),
    }


def _event(row: Row[Any]) -> KeptEvent:
    return KeptEvent(
        **row._asdict()
        | {
            "session_id": None if row.session_id is None else SessionId(row.session_id),
            "subject": None if row.subject is None else Subject(row.subject),
            "client_id": None if row.client_id is None else ClientId(row.client_id),
            "details": json.loads(row.details),
        }
    )
