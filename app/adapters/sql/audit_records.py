"""Audit events in a database."""

import json
from collections.abc import Collection, Sequence
from functools import cache
from typing import Any, Final

from sqlalchemy import Row, Select, TextClause, bindparam, delete, select, text

from ...domain.audit.record import AuditRecord
from ...domain.identifiers import ClientId, SessionId, Subject
from ...ports.audit_record_repository import AuditRecordRepository
from .acts import Acts
from .schema import AUDIT_EVENTS

_EVENT: Final = AUDIT_EVENTS.c


def _last(events: Select[Any]) -> Select[Any]:
    return events.order_by(_EVENT.at.desc(), _EVENT.event_id.desc()).limit(bindparam("most"))


_OF_SESSION: Final = _last(select(AUDIT_EVENTS).where(_EVENT.session_id == bindparam("id")))
_OF_NO_SESSION: Final = _last(
    select(AUDIT_EVENTS).where(
        _EVENT.session_id.is_(None),
        _EVENT.name.in_(bindparam("names", expanding=True)),
        _EVENT.at.between(bindparam("since"), bindparam("until")),
    )
)
_OF_SUBJECT: Final = _OF_NO_SESSION.where(_EVENT.subject == bindparam("of_subject"))
_OF_NO_SUBJECT: Final = _OF_NO_SESSION.where(_EVENT.subject.is_(None))
_OLD: Final = (
    select(_EVENT.event_id)
    .where(_EVENT.at < bindparam("moment"))
    .limit(bindparam("most"))
    .with_for_update(skip_locked=True)
)
_DELETE_OLD: Final = delete(AUDIT_EVENTS).where(_EVENT.event_id.in_(_OLD))


class SqlAuditRecordRepository(AuditRecordRepository):
    """The table ``audit_events``."""

    def __init__(self, acts: Acts) -> None:
        self._acts = acts

    async def append(self, events: Sequence[AuditRecord]) -> None:
        if events:
            count = 1 << (len(events) - 1).bit_length()
            repeated = [*events, *[events[-1]] * (count - len(events))]
            members = [_row(event).items() for event in repeated]
            values = {f"{name}_{place}": value for place, row in enumerate(members) for name, value in row}
            await self._acts.changes(_insertion(count), values)

    async def list_for_session(self, session_id: SessionId, *, limit: int) -> Sequence[AuditRecord]:
        rows = await self._acts.rows(_OF_SESSION, {"id": session_id, "most": limit})
        return [_event(row) for row in reversed(rows)]

    async def list_for_subject(
        self, subject: Subject | None, *, names: Collection[str], since: float, until: float, limit: int
    ) -> Sequence[AuditRecord]:
        asked = {"names": [*names], "since": since, "until": until, "most": limit}
        if subject is None:
            rows = await self._acts.rows(_OF_NO_SUBJECT, asked)
        else:
            rows = await self._acts.rows(_OF_SUBJECT, {**asked, "of_subject": subject})
        return [_event(row) for row in reversed(rows)]

    async def delete_before(self, moment: float, *, limit: int) -> int:
        return await self._acts.changes(_DELETE_OLD, {"moment": moment, "most": limit})


@cache
def _insertion(count: int) -> TextClause:
    """Return the statement that inserts so many rows, a power of two. It is written out because SQLAlchemy compiles its
    own of many rows anew each time, which takes the event loop ten times as long.
    """
    columns = [*AUDIT_EVENTS.columns]
    rows = [", ".join(f":{column.name}_{place}" for column in columns) for place in range(count)]
    statement = text(
        f"INSERT INTO {AUDIT_EVENTS.name} ({', '.join(column.name for column in columns)})"  # noqa: S608  # our names
        f" VALUES {', '.join(f'({row})' for row in rows)} ON CONFLICT (event_id) DO NOTHING"
    )
    return statement.bindparams(
        *(bindparam(f"{column.name}_{place}", type_=column.type) for place in range(count) for column in columns)
    )


def _row(event: AuditRecord) -> dict[str, object]:
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


def _event(row: Row[Any]) -> AuditRecord:
    return AuditRecord(
        **row._asdict()
        | {
            "session_id": None if row.session_id is None else SessionId(row.session_id),
            "subject": None if row.subject is None else Subject(row.subject),
            "client_id": None if row.client_id is None else ClientId(row.client_id),
            "details": json.loads(row.details),
        }
    )
