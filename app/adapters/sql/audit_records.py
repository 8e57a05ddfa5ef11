"""Audit records in a database."""

from collections.abc import Collection, Sequence
from functools import cache, partial
from itertools import chain
from operator import attrgetter
from typing import Any, Final

from sqlalchemy import ColumnElement, Delete, Select, TextClause, bindparam, delete, select, text

from ...domain.audit.record import AuditRecord
from ...domain.identifiers import SessionId, Subject
from ...ports.audit_record_repository import AuditRecordRepository
from ..log_lines import fields_text
from ..records.audit_records import audit_record_of
from ..unreadable import readable
from .schema import AUDIT_RECORDS
from .statements import Statements

_RECORD: Final = AUDIT_RECORDS.c


def _newest(records: Select[Any]) -> Select[Any]:
    return records.order_by(_RECORD.at.desc(), _RECORD.event_id.desc()).limit(bindparam("max_rows"))


_FOR_SESSION: Final = _newest(select(AUDIT_RECORDS).where(_RECORD.session_id == bindparam("id")))
_WITHOUT_SESSION: Final = _newest(
    select(AUDIT_RECORDS).where(
        _RECORD.session_id.is_(None),
        _RECORD.name.in_(bindparam("names", expanding=True)),
        _RECORD.at.between(bindparam("since"), bindparam("until")),
    )
)
_FOR_SUBJECT: Final = _WITHOUT_SESSION.where(_RECORD.subject == bindparam("for_subject"))
_WITHOUT_SUBJECT: Final = _WITHOUT_SESSION.where(_RECORD.subject.is_(None))
# A CTE runs once. PostgreSQL may run a subquery again for each row, and would then delete more rows than it may.
_OLD: Final = (
    select(_RECORD.event_id)
    .where(_RECORD.at < bindparam("moment"))
    .limit(bindparam("max_rows"))
    .with_for_update(skip_locked=True)
    .cte("old")
)
_DELETE_OLD: Final = delete(AUDIT_RECORDS).where(_RECORD.event_id.in_(select(_OLD.c.event_id)))


_NAMED: Final = (_RECORD.name == bindparam("named"),)
_OF_SUBJECT: Final = (_RECORD.subject == bindparam("for_subject"), *_NAMED)
_OF_NOBODY: Final = (_RECORD.subject.is_(None), *_NAMED)
_WITH_NAME: Final = _newest(select(AUDIT_RECORDS).where(*_OF_SUBJECT))


def _delete_surplus(*of: ColumnElement[bool]) -> Delete:
    """Return the statement that deletes the oldest records, except the ``keep`` latest. The index of subject, name and
    time is enough to find them.
    """
    oldest_kept = select(_RECORD.at).where(*of).order_by(_RECORD.at.desc()).limit(1).offset(bindparam("keep") - 1)
    surplus = (
        select(_RECORD.event_id)
        .where(*of, _RECORD.at < oldest_kept.scalar_subquery())
        .order_by(_RECORD.at)
        .limit(bindparam("max_rows"))
        .with_for_update(skip_locked=True)
        .cte("surplus")
    )
    return delete(AUDIT_RECORDS).where(_RECORD.event_id.in_(select(surplus.c.event_id)))


_TRIM_SUBJECT: Final = _delete_surplus(*_OF_SUBJECT)
_TRIM_WITHOUT_SUBJECT: Final = _delete_surplus(*_OF_NOBODY)


class SqlAuditRecordRepository(AuditRecordRepository):
    """Keeps audit records in the table ``audit_events``."""

    def __init__(self, statements: Statements) -> None:
        self._statements = statements

    async def append(self, records: Sequence[AuditRecord]) -> None:
        if records:
            count = 1 << (len(records) - 1).bit_length()
            padded = [*records, *[records[-1]] * (count - len(records))]
            values = chain.from_iterable(map(_values, padded))
            await self._statements.execute(_insert(count), dict(zip(_names(count), values, strict=True)))

    async def list_for_session(self, session_id: SessionId, *, limit: int) -> Sequence[AuditRecord]:
        rows = await self._statements.fetch(_FOR_SESSION, {"id": session_id, "max_rows": limit})
        return _records(rows)

    async def list_for_subject(
        self, subject: Subject | None, *, names: Collection[str], since: float, until: float, limit: int
    ) -> Sequence[AuditRecord]:
        parameters = {"names": [*names], "since": since, "until": until, "max_rows": limit}
        if subject is None:
            rows = await self._statements.fetch(_WITHOUT_SUBJECT, parameters)
        else:
            rows = await self._statements.fetch(_FOR_SUBJECT, {**parameters, "for_subject": subject})
        return _records(rows)

    async def list_named(self, subject: Subject, name: str, *, limit: int) -> Sequence[AuditRecord]:
        parameters = {"for_subject": subject, "named": name, "max_rows": limit}
        return _records(await self._statements.fetch(_WITH_NAME, parameters))

    async def trim(self, subject: Subject | None, name: str, *, keep: int, limit: int) -> int:
        parameters: dict[str, object] = {"named": name, "keep": keep, "max_rows": limit}
        if subject is None:
            return await self._statements.execute(_TRIM_WITHOUT_SUBJECT, parameters)
        return await self._statements.execute(_TRIM_SUBJECT, {**parameters, "for_subject": subject})

    async def delete_before(self, moment: float, *, limit: int) -> int:
        return await self._statements.execute(_DELETE_OLD, {"moment": moment, "max_rows": limit})


@cache
def _names(count: int) -> Sequence[str]:
    """Return the names of the parameters of ``count`` rows, in the order of ``_values``."""
    return [f"{column.name}_{number}" for number in range(count) for column in AUDIT_RECORDS.columns]


@cache
def _insert(count: int) -> TextClause:
    """Return the statement that inserts ``count`` rows, a power of two. It is SQL text because SQLAlchemy compiles its
    own ``INSERT`` of many rows again each time, which takes ten times as long.
    """
    columns = [*AUDIT_RECORDS.columns]
    rows = [", ".join(f":{column.name}_{number}" for column in columns) for number in range(count)]
    statement = text(
        f"INSERT INTO {AUDIT_RECORDS.name} ({', '.join(column.name for column in columns)})"  # noqa: S608  # our names
        f" VALUES {', '.join(f'({row})' for row in rows)} ON CONFLICT (event_id) DO NOTHING"
    )
    return statement.bindparams(
        *(bindparam(f"{column.name}_{number}", type_=column.type) for number in range(count) for column in columns)
    )


_plain_values: Final = attrgetter(*(column.name for column in AUDIT_RECORDS.columns if column.name != "details"))


def _values(record: AuditRecord) -> Sequence[object]:
    """Return the values of the columns, of which ``details`` is the last one."""
    details = fields_text(record.details).removeprefix(", ")
    return (*_plain_values(record), f"{{{details}}}")


def _records(newest_first: Sequence[Any]) -> list[AuditRecord]:
    """Return the records of the rows, the earliest first. One that cannot be read is left out and logged."""
    found = (
        readable("audit record", row.event_id, partial(audit_record_of, row._asdict()))
        for row in reversed(newest_first)
    )
    return [each for each in found if each is not None]
