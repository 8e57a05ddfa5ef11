"""Sessions in a database. Every method runs one statement; ``revoke_all`` runs one for each 1,000 sessions."""

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any, Final

from sqlalchemy import Row, and_, bindparam, case, insert, null, or_, select, update

from ...domain.identifiers import ClientId, SessionId, Subject
from ...domain.scope import Scope
from ...domain.sessions.session import RevocationReason, Session
from ...domain.tokens.revoked_session import RevokedSession
from ...ports.session_repository import SessionRepository
from .schema import SESSIONS
from .statements import Statements

_SESSION: Final = SESSIONS.c

_LIVE: Final = and_(
    _SESSION.revoked_at.is_(None),
    _SESSION.expires_at > bindparam("now"),
    or_(_SESSION.idle_expires_at.is_(None), _SESSION.idle_expires_at > bindparam("now")),
)

_ADD: Final = insert(SESSIONS)

_FIND: Final = select(SESSIONS).where(_SESSION.session_id == bindparam("id"))

_ADVANCE: Final = (
    update(SESSIONS)
    .where(_SESSION.session_id == bindparam("id"), _SESSION.secret_digest == bindparam("expected_digest"), _LIVE)
    .values(
        secret_digest=bindparam("new_digest"),
        generation=_SESSION.generation + 1,
        rotated_at=bindparam("now"),
        salt=bindparam("new_salt"),
        idle_expires_at=bindparam("new_idle_expires_at"),
        ends_at=case((_SESSION.expires_at < bindparam("idle_end"), _SESSION.expires_at), else_=bindparam("idle_end")),
    )
)

_REVOKE: Final = (
    update(SESSIONS)
    .where(_SESSION.session_id == bindparam("id"), _SESSION.revoked_at.is_(None))
    .values(revoked_at=bindparam("now"), revoked_because=bindparam("reason"), salt=null())
)

_SET_CREDENTIAL_VERSION: Final = (
    update(SESSIONS)
    .where(_SESSION.session_id == bindparam("id"), _SESSION.credential_version == bindparam("expected_version"), _LIVE)
    .values(credential_version=bindparam("new_version"))
)

_REVOKE_BATCH: Final = (
    update(SESSIONS)
    .where(
        _SESSION.session_id.in_(
            select(_SESSION.session_id).where(_SESSION.revoked_at.is_(None)).limit(bindparam("max_rows"))
        )
    )
    .values(revoked_at=bindparam("now"), revoked_because=bindparam("reason"), salt=null())
)

_BATCH_SIZE: Final = 1_000

_LIVE_SESSIONS: Final = (
    select(SESSIONS).where(_SESSION.subject == bindparam("for_subject"), _LIVE).order_by(_SESSION.created_at)
)

_REVOCATIONS: Final = select(_SESSION.session_id, _SESSION.revoked_at).where(_SESSION.revoked_at >= bindparam("moment"))

_NEVER: Final = 1e300
"""A time in seconds that is later than every expiry."""


class SqlSessionRepository(SessionRepository):
    """Keeps sessions in the table ``sessions``."""

    def __init__(self, statements: Statements) -> None:
        self._statements = statements

    async def add(self, session: Session) -> None:
        row = asdict(session) | {"scope": session.scope.text, "ends_at": session.ends_at()}
        await self._statements.execute(_ADD, row)

    async def find(self, session_id: SessionId) -> Session | None:
        rows = await self._statements.fetch(_FIND, {"id": session_id})
        return _session(rows[0]) if rows else None

    async def advance(
        self,
        session_id: SessionId,
        *,
        expected_digest: bytes,
        new_digest: bytes,
        salt: bytes,
        now: float,
        idle_expires_at: float | None,
    ) -> bool:
        return await self._statements.execute_once(
            _ADVANCE,
            {
                "id": session_id,
                "expected_digest": expected_digest,
                "new_digest": new_digest,
                "new_salt": salt,
                "now": now,
                "new_idle_expires_at": idle_expires_at,
                "idle_end": _NEVER if idle_expires_at is None else idle_expires_at,
            },
        )

    async def revoke(self, session_id: SessionId, *, reason: RevocationReason, now: float) -> bool:
        return await self._statements.execute(_REVOKE, {"id": session_id, "reason": reason.value, "now": now}) > 0

    async def set_credential_version(
        self, session_id: SessionId, *, expected_version: int, credential_version: int, now: float
    ) -> bool:
        versions = {"expected_version": expected_version, "new_version": credential_version}
        return await self._statements.execute(_SET_CREDENTIAL_VERSION, {"id": session_id, "now": now, **versions}) > 0

    async def revoke_all(self, *, reason: RevocationReason, now: float) -> int:
        parameters = {"reason": reason.value, "now": now, "max_rows": _BATCH_SIZE}
        revoked = 0
        while batch := await self._statements.execute(_REVOKE_BATCH, parameters):
            revoked += batch
        return revoked

    async def list_live_sessions(self, subject: Subject, *, now: float) -> Sequence[Session]:
        return [
            _session(row) for row in await self._statements.fetch(_LIVE_SESSIONS, {"for_subject": subject, "now": now})
        ]

    async def list_revocations(self, moment: float) -> Sequence[RevokedSession]:
        rows = await self._statements.fetch(_REVOCATIONS, {"moment": moment})
        return [RevokedSession(SessionId(row.session_id), row.revoked_at) for row in rows]


def _session(row: Row[Any]) -> Session:
    columns = row._asdict()
    del columns["ends_at"]
    return Session(
        **columns
        | {
            "session_id": SessionId(row.session_id),
            "subject": Subject(row.subject),
            "client_id": ClientId(row.client_id),
            "scope": Scope.parse(row.scope),
            "revoked_because": None if row.revoked_because is None else RevocationReason(row.revoked_because),
        }
    )
