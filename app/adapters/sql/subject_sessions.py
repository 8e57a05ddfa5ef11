"""The sessions of one subject in a database: end them, limit them, list them."""

from collections.abc import Sequence
from typing import Any, Final

from sqlalchemy import bindparam, func, or_, select, tuple_, update

from ...domain.identifiers import SessionId, Subject
from ...domain.sessions.session import RevocationReason, Session, SessionPosition
from ...ports.session_repository import CrowdedSubjects
from .readable_rows import readable_page
from .schema import SESSIONS
from .session_rows import COLUMNS, LIVE_OF_SUBJECT, REVOCATION, live_at, readable_session, sessions_of
from .statements import Statements

_SESSION: Final = SESSIONS.c

# PostgreSQL locks the sessions before it counts them. One that another statement has revoked by then is left out, and
# the next one is taken in its place. So fewer than the limit are all.
_NEWEST: Final = (
    select(_SESSION.session_id)
    .where(LIVE_OF_SUBJECT, _SESSION.session_id != bindparam("kept"))
    .order_by(_SESSION.created_at.desc(), _SESSION.session_id.desc())
    .limit(bindparam("max_rows"))
    .with_for_update()
    .cte("newest")
)

_REVOKE_NEWEST: Final = (
    update(SESSIONS).where(_SESSION.session_id.in_(select(_NEWEST.c.session_id))).values(REVOCATION).returning(*COLUMNS)
)

_COUNT_LIVE: Final = select(func.count()).select_from(SESSIONS).where(LIVE_OF_SUBJECT)

# PostgreSQL locks the sessions before it ranks them, and leaves out those that another statement has revoked. So
# several of these statements at once leave enough sessions. All lock in one order: none waits for another in a circle.
_LOCKED: Final = (
    select(_SESSION.session_id, _SESSION.rotated_at)
    .where(LIVE_OF_SUBJECT)
    .order_by(_SESSION.created_at, _SESSION.session_id)
    .with_for_update()
    .cte("locked")
)

_IS_NOT_KEPT: Final = _LOCKED.c.session_id != bindparam("kept")

# The session to keep has place 1. After it come the others, those first that were rotated last.
_PLACES: Final = select(
    _LOCKED.c.session_id,
    func.row_number()
    .over(order_by=[_IS_NOT_KEPT, _LOCKED.c.rotated_at.desc(), _LOCKED.c.session_id.desc()])
    .label("place"),
).subquery("places")

_EXCESS: Final = (
    select(_PLACES.c.session_id)
    .where(_PLACES.c.place > bindparam("most"))
    .order_by(_PLACES.c.place.desc())
    .limit(bindparam("max_rows"))
)

_REVOKE_EXCESS: Final = update(SESSIONS).where(_SESSION.session_id.in_(_EXCESS)).values(REVOCATION).returning(*COLUMNS)

_MAX_REVOKED: Final = 1_000

_READ: Final = (
    select(_SESSION.subject)
    .where(_SESSION.subject > bindparam("after"), _SESSION.revoked_at.is_(None))
    .order_by(_SESSION.subject)
    .limit(bindparam("max_rows"))
    .cte("read")
)

# The sessions of the last subject may go on after those that were read, so its row is always in the result.
_CROWDED: Final = (
    select(
        _READ.c.subject,
        func.count().label("sessions"),
        select(func.count()).select_from(_READ).scalar_subquery().label("number_read"),
    )
    .group_by(_READ.c.subject)
    .having(
        or_(
            func.count() > bindparam("more_than"),
            _READ.c.subject == select(func.max(_READ.c.subject)).scalar_subquery(),
        )
    )
    .order_by(_READ.c.subject)
)

_MAX_READ: Final = 10_000

_PAGE: Final = (
    select(*COLUMNS)
    .where(
        LIVE_OF_SUBJECT,
        tuple_(_SESSION.created_at, _SESSION.session_id) > tuple_(bindparam("after_time"), bindparam("after_id")),
    )
    .order_by(_SESSION.created_at, _SESSION.session_id)
    .limit(bindparam("max_rows"))
)

_BEFORE_ALL: Final = SessionPosition(float("-inf"), SessionId(b""))


class SubjectSessions:
    """The part of the session repository that acts on the sessions of a subject. Every statement reads or
    changes a bounded number of sessions, except for the few that rank those of one subject.
    """

    _statements: Statements

    async def revoke_subject(
        self, subject: Subject, *, reason: RevocationReason, now: float, keep: SessionId | None
    ) -> Sequence[Session]:
        parameters = _of_subject(subject, now) | {"kept": keep or b"", "now": now, "reason": reason.value}
        parameters["max_rows"] = _MAX_REVOKED
        revoked: list[Session] = []
        while True:
            rows = await self._statements.execute_returning(_REVOKE_NEWEST, parameters)
            revoked += sessions_of(rows)
            if len(rows) < _MAX_REVOKED:
                return revoked

    async def revoke_excess(
        self, subject: Subject, *, limit: int, keep: SessionId | None, reason: RevocationReason, now: float
    ) -> Sequence[Session]:
        """Count first: almost every call has nothing to revoke, and a change waits for other changes in SQLite."""
        parameters = _of_subject(subject, now)
        [[live]] = await self._statements.fetch(_COUNT_LIVE, parameters)
        if live <= limit:
            return []
        parameters |= {"kept": keep or b"", "most": limit, "max_rows": _MAX_REVOKED, "now": now, "reason": reason.value}
        return sessions_of(await self._statements.execute_returning(_REVOKE_EXCESS, parameters))

    async def list_crowded_subjects(self, *, more_than: int, after: str) -> CrowdedSubjects:
        """Read the next 10,000 sessions in the order of their subjects. The cursor is the last subject."""
        parameters = {"after": after, "more_than": more_than, "max_rows": _MAX_READ}
        rows = await self._statements.fetch(_CROWDED, parameters)
        is_last_page = not rows or rows[-1].number_read < _MAX_READ
        if is_last_page:
            rows = [row for row in rows if row.sessions > more_than]
        return CrowdedSubjects([Subject(row.subject) for row in rows], None if is_last_page else rows[-1].subject)

    async def list_live_sessions(
        self, subject: Subject, *, now: float, limit: int, after: SessionPosition | None = None
    ) -> Sequence[Session]:
        async def fetch(place: tuple[float, bytes], max_rows: int) -> Sequence[Any]:
            created_at, session_id = place
            page = {"after_time": created_at, "after_id": session_id, "max_rows": max_rows}
            return await self._statements.fetch(_PAGE, _of_subject(subject, now) | page)

        return await readable_page(
            fetch,
            readable_session,
            after=after or _BEFORE_ALL,
            limit=limit,
            place_of=lambda row: SessionPosition(row.created_at, row.session_id),
        )


def _of_subject(subject: Subject, now: float) -> dict[str, object]:
    """Return the parameters of ``LIVE_OF_SUBJECT``."""
    return {"of_subject": subject, **live_at(now)}
