"""Sessions in a database. Every method runs one statement; ``revoke_excess`` runs a second one if it has work."""

from collections.abc import Sequence
from typing import Final

from sqlalchemy import bindparam, case, func, insert, or_, select, text, tuple_, update

from ...domain.identifiers import SessionId, Subject
from ...domain.sessions.replaced import ReplacedSecrets
from ...domain.sessions.session import RevocationReason, Session, SessionPosition
from ...domain.tokens.revoked_session import RevokedSession
from ...ports.session_repository import CrowdedSubjects, SessionRepository
from .schema import SESSION_CUT_OFF, SESSIONS
from .session_rows import (
    AFTER_CUT_OFF,
    COLUMNS,
    LIVE,
    LIVE_OF_SUBJECT,
    NOT_REVOKED,
    REVOCATION,
    live_at,
    replaced_columns,
    row_of,
    session_of,
)
from .statements import Statements

_SESSION: Final = SESSIONS.c

_NAMED: Final = _SESSION.session_id == bindparam("id")
_NOT_KEPT: Final = _SESSION.session_id != bindparam("kept")
_CUT_OFF: Final = select(SESSION_CUT_OFF.c.cut_off)

_ADD: Final = insert(SESSIONS)

_FIND: Final = select(*COLUMNS, _CUT_OFF.scalar_subquery()).where(_NAMED)

_ADVANCE: Final = (
    update(SESSIONS)
    .where(_NAMED, _SESSION.secret_digest == bindparam("expected_digest"), LIVE)
    .values(
        secret_digest=bindparam("new_digest"),
        generation=_SESSION.generation + 1,
        rotated_at=bindparam("now"),
        replaced=bindparam("new_replaced"),
        salt=bindparam("new_salt"),
        idle_expires_at=bindparam("new_idle_expires_at"),
        ends_at=case((_SESSION.expires_at < bindparam("idle_end"), _SESSION.expires_at), else_=bindparam("idle_end")),
    )
)

_REVOKE: Final = update(SESSIONS).where(_NAMED, NOT_REVOKED).values(REVOCATION)

_SET_CREDENTIAL_VERSION: Final = (
    update(SESSIONS)
    .where(_NAMED, _SESSION.credential_version == bindparam("expected_version"), LIVE)
    .values(credential_version=bindparam("new_version"))
)

_REVOKE_SUBJECT: Final = update(SESSIONS).where(LIVE_OF_SUBJECT, _NOT_KEPT).values(REVOCATION).returning(*COLUMNS)

_COUNT_LIVE: Final = select(func.count()).select_from(SESSIONS).where(LIVE_OF_SUBJECT)

# The live sessions of a subject: first the one to keep, then the others, those first that were rotated last.
_BY_USE: Final = (
    select(
        _SESSION.session_id,
        _SESSION.rotated_at,
        func.row_number()
        .over(order_by=[_NOT_KEPT, _SESSION.rotated_at.desc(), _SESSION.session_id.desc()])
        .label("place"),
    )
    .where(LIVE_OF_SUBJECT)
    .subquery("by_use")
)

_EXCESS: Final = (
    select(_BY_USE.c.session_id, _BY_USE.c.rotated_at)
    .where(_BY_USE.c.place > bindparam("most"))
    .order_by(_BY_USE.c.place.desc())
    .limit(bindparam("max_rows"))
)

# PostgreSQL checks the conditions on a row again if another statement changed it meanwhile. So a session that was
# rotated or revoked meanwhile stays as it is.
_REVOKE_EXCESS: Final = (
    update(SESSIONS)
    .where(tuple_(_SESSION.session_id, _SESSION.rotated_at).in_(_EXCESS), NOT_REVOKED)
    .values(REVOCATION)
    .returning(*COLUMNS)
)

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

_SET_CUT_OFF: Final = text(
    "INSERT INTO session_cut_off (entry, cut_off) VALUES (1, :cut_off)"
    " ON CONFLICT (entry) DO UPDATE SET cut_off = excluded.cut_off WHERE session_cut_off.cut_off < excluded.cut_off"
)

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

_REVOCATIONS: Final = select(_SESSION.session_id, _SESSION.revoked_at).where(
    _SESSION.revoked_at >= bindparam("moment"), AFTER_CUT_OFF
)

_NEVER: Final = 1e300
"""A time in seconds that is later than every expiry."""


class SqlSessionRepository(SessionRepository):
    """Keeps sessions in the table ``sessions``, and the cut-off in the table ``session_cut_off``."""

    def __init__(self, statements: Statements) -> None:
        self._statements = statements

    async def add(self, session: Session) -> None:
        await self._statements.execute(_ADD, row_of(session))

    async def find(self, session_id: SessionId) -> Session | None:
        rows = await self._statements.fetch(_FIND, {"id": session_id})
        return session_of(rows[0][:-1]).ended_by(rows[0][-1]) if rows else None

    async def advance(
        self,
        session_id: SessionId,
        *,
        expected_digest: bytes,
        new_digest: bytes,
        replaced: ReplacedSecrets,
        now: float,
        idle_expires_at: float | None,
    ) -> bool:
        columns = replaced_columns(replaced)
        return await self._statements.execute_once(
            _ADVANCE,
            {
                "id": session_id,
                "expected_digest": expected_digest,
                "new_digest": new_digest,
                "new_replaced": columns["replaced"],
                "new_salt": columns["salt"],
                "now": now,
                "new_idle_expires_at": idle_expires_at,
                "idle_end": _NEVER if idle_expires_at is None else idle_expires_at,
                **live_at(now),
            },
        )

    async def revoke(self, session_id: SessionId, *, reason: RevocationReason, now: float) -> bool:
        return await self._statements.execute(_REVOKE, {"id": session_id, "reason": reason.value, "now": now}) > 0

    async def set_credential_version(
        self, session_id: SessionId, *, expected_version: int, credential_version: int, now: float
    ) -> bool:
        versions = {"expected_version": expected_version, "new_version": credential_version}
        parameters = {"id": session_id, **versions, **live_at(now)}
        return await self._statements.execute(_SET_CREDENTIAL_VERSION, parameters) > 0

    async def revoke_subject(
        self, subject: Subject, *, reason: RevocationReason, now: float, keep: SessionId | None
    ) -> Sequence[Session]:
        parameters = _of_subject(subject, now) | {"kept": keep or b"", "now": now, "reason": reason.value}
        return [session_of(row) for row in await self._statements.execute_returning(_REVOKE_SUBJECT, parameters)]

    async def revoke_excess(
        self, subject: Subject, *, limit: int, keep: SessionId | None, reason: RevocationReason, now: float
    ) -> Sequence[Session]:
        """Count first: almost every call has nothing to revoke, and a change waits for other changes in SQLite."""
        parameters = _of_subject(subject, now)
        [[live]] = await self._statements.fetch(_COUNT_LIVE, parameters)
        if live <= limit:
            return []
        parameters |= {"kept": keep or b"", "most": limit, "max_rows": _MAX_REVOKED, "now": now, "reason": reason.value}
        return [session_of(row) for row in await self._statements.execute_returning(_REVOKE_EXCESS, parameters)]

    async def list_crowded_subjects(self, *, more_than: int, after: str) -> CrowdedSubjects:
        """Read the next 10,000 sessions in the order of their subjects. The cursor is the last subject."""
        parameters = {"after": after, "more_than": more_than, "max_rows": _MAX_READ}
        rows = await self._statements.fetch(_CROWDED, parameters)
        is_last_page = not rows or rows[-1].number_read < _MAX_READ
        if is_last_page:
            rows = [row for row in rows if row.sessions > more_than]
        return CrowdedSubjects([Subject(row.subject) for row in rows], None if is_last_page else rows[-1].subject)

    async def set_cut_off(self, cut_off: int) -> None:
        await self._statements.execute(_SET_CUT_OFF, {"cut_off": cut_off})

    async def find_cut_off(self) -> int | None:
        rows = await self._statements.fetch(_CUT_OFF, {})
        return rows[0].cut_off if rows else None

    async def list_live_sessions(
        self, subject: Subject, *, now: float, limit: int, after: SessionPosition | None = None
    ) -> Sequence[Session]:
        created_at, session_id = after or _BEFORE_ALL
        page = {"after_time": created_at, "after_id": session_id, "max_rows": limit}
        return [session_of(row) for row in await self._statements.fetch(_PAGE, _of_subject(subject, now) | page)]

    async def list_revocations(self, moment: float) -> Sequence[RevokedSession]:
        rows = await self._statements.fetch(_REVOCATIONS, {"moment": moment})
        return [RevokedSession(SessionId(row.session_id), row.revoked_at) for row in rows]


def _of_subject(subject: Subject, now: float) -> dict[str, object]:
    """Return the parameters of ``LIVE_OF_SUBJECT``."""
    return {"of_subject": subject, **live_at(now)}
