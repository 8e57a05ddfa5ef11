"""Session repositories with one fault each that only a second connection shows."""

from typing import Self

from app.domain.identifiers import SessionId
from app.domain.sessions.session import Session
from app.testing.sessions import FakeSessionRepository


class Connection(FakeSessionRepository):
    """A connection to sessions that others use too."""

    others: "list[Self]"

    @classmethod
    def connections(cls, n: int) -> list[Self]:
        """Return connections that share the sessions, and nothing else."""
        connections = [cls() for _ in range(n)]
        for each in connections:
            each.stored = connections[0].stored
            each.others = connections
        return connections


class KeepsCutOffToItself(Connection):
    """Each connection knows only the cut-off that it has set itself."""


class RemembersSessions(Connection):
    """Each connection remembers the sessions that it has found, until it changes them itself."""

    def __init__(self) -> None:
        super().__init__()
        self._found: dict[SessionId, Session] = {}

    async def find(self, session_id: SessionId) -> Session | None:
        session = await super().find(session_id)
        return session and self._found.setdefault(session_id, session).ended_by(self.cut_off)

    def _store(self, session: Session | None) -> bool:
        if session is not None:
            self._found.pop(session.session_id, None)
        return super()._store(session)
