"""Sessions in a database. Each act on one session is one statement."""

from typing import Final

from sqlalchemy import bindparam, case, insert, select, update

from ...domain.identifiers import SessionId
from ...domain.sessions.replaced import ReplacedSecrets
from ...domain.sessions.session import RevocationReason, Session
from ...ports.session_repository import SessionRepository
from .schema import SESSIONS
from .session_rows import (
    COLUMNS,
    CUT_OFF,
    LIVE,
    NOT_REVOKED,
    REVOCATION,
    live_at,
    readable_session,
    replaced_columns,
    row_of,
)
from .statements import Statements
from .stored_cut_off import StoredCutOff
from .stored_revocations import StoredRevocations
from .subject_sessions import SubjectSessions

_SESSION: Final = SESSIONS.c

_NAMED: Final = _SESSION.session_id == bindparam("id")

_ADD: Final = insert(SESSIONS)

_FIND: Final = select(*COLUMNS, CUT_OFF).where(_NAMED)

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

_NEVER: Final = 1e300
"""A time in seconds that is later than every expiry."""


class SqlSessionRepository(SubjectSessions, StoredRevocations, StoredCutOff, SessionRepository):
    """Keeps sessions in the table ``sessions``, and the cut-off in the table ``session_cut_off``."""

    def __init__(self, statements: Statements) -> None:
        self._statements = statements

    async def add(self, session: Session) -> None:
        await self._statements.execute(_ADD, row_of(session))

    async def find(self, session_id: SessionId) -> Session | None:
        rows = await self._statements.fetch(_FIND, {"id": session_id})
        session = readable_session(rows[0][:-1]) if rows else None
        return None if session is None else session.ended_by(rows[0][-1])

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
