"""The read of a session and of its user in one statement."""

from typing import Any, Final

from sqlalchemy import and_, bindparam, select

from ...domain.identifiers import SessionId
from ...domain.sessions.session import Session
from ...ports.session_reader import SessionReader
from .schema import SESSIONS, USERS
from .session_rows import COLUMNS, CUT_OFF, readable_session
from .statements import Statements

_ENABLED_USER: Final = and_(USERS.c.subject == SESSIONS.c.subject, USERS.c.disabled.is_(False))

_READ: Final = (
    select(*COLUMNS, CUT_OFF, USERS.c.credential_version)
    .select_from(SESSIONS.outerjoin(USERS, _ENABLED_USER))
    .where(SESSIONS.c.session_id == bindparam("id"))
)


class SqlSessionReader(SessionReader):
    """Joins the tables ``sessions`` and ``users``."""

    def __init__(self, statements: Statements) -> None:
        self._statements = statements

    async def read(self, session_id: SessionId) -> tuple[Session | None, int | None]:
        rows = await self._statements.fetch(_READ, {"id": session_id})
        if not rows:
            return None, None
        columns: tuple[Any, ...] = tuple(rows[0])
        session = readable_session(columns[:-2])
        return (None, None) if session is None else (session.ended_by(columns[-2]), columns[-1])
