"""The in-memory repositories, with what a test wants to go wrong in them. Standard library only."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

from app.adapters.memory.clients import MemoryClientRepository
from app.adapters.memory.sessions import MemorySessionRepository
from app.adapters.memory.users import MemoryUserRepository
from app.domain.clients.client import Client
from app.domain.errors import StoreUnavailable
from app.domain.identifiers import ClientId, SessionId, Subject
from app.domain.login.user import User
from app.domain.sessions.session import RevocationReason, Session

Happening = Callable[[], Awaitable[object]]


async def unavailable() -> None:
    """Fail as a store does that does not answer."""
    raise StoreUnavailable


class FaultySessions(MemorySessionRepository):
    """Something can be made to happen once, before or after an act took effect; ``writes`` names the acts."""

    def __init__(self) -> None:
        super().__init__()
        self.writes: list[str] = []
        self.slow_reads = False
        self._happenings: dict[str, Happening] = {}

    def once(self, moment: str, happening: Happening) -> None:
        """Make ``happening`` happen at ``moment``, such as ``before advance`` or ``after revoke``."""
        self._happenings[moment] = happening

    async def _reach(self, moment: str) -> None:
        if happening := self._happenings.pop(moment, None):
            await happening()

    async def add(self, session: Session) -> None:
        await self._reach("before add")
        await super().add(session)
        self.writes.append("add")

    async def find(self, session_id: SessionId) -> Session | None:
        await self._reach("before find")
        session = await super().find(session_id)
        if self.slow_reads:
            await asyncio.sleep(0)
        return session

    async def advance(self, session_id: SessionId, **change: Any) -> bool:
        await self._reach("before advance")
        made = await super().advance(session_id, **change)
        self.writes.append("advance")
        await self._reach("after advance")
        return made

    async def revoke(self, session_id: SessionId, *, reason: RevocationReason, now: float) -> bool:
        await self._reach("before revoke")
        made = await super().revoke(session_id, reason=reason, now=now)
        self.writes.append("revoke")
        await self._reach("after revoke")
        return made


class ChangeableUsers(MemoryUserRepository):
    """Users that an administrator changes (``None``: deletes) while a test runs. Something can be made to happen once,
    before or after an act took effect.
    """

    def __init__(self) -> None:
        super().__init__()
        self.changed: dict[Subject, User | None] = {}
        self._happenings: dict[str, Happening] = {}

    def once(self, moment: str, happening: Happening) -> None:
        """Make ``happening`` happen at ``moment``, such as ``after find_by_username``."""
        self._happenings[moment] = happening

    async def find(self, subject: Subject) -> User | None:
        return self.changed[subject] if subject in self.changed else await super().find(subject)

    async def find_by_username(self, username: str) -> User | None:
        user = await super().find_by_username(username)
        await self._reach("after find_by_username")
        return user

    async def change_password(self, subject: Subject, *, new: str, expected: str | None) -> User | None:
        await self._reach("before change_password")
        changed = await super().change_password(subject, new=new, expected=expected)
        await self._reach("after change_password")
        return changed

    async def _reach(self, moment: str) -> None:
        if happening := self._happenings.pop(moment, None):
            await happening()


class ChangeableClients(MemoryClientRepository):
    """Clients of which some are gone."""

    def __init__(self) -> None:
        super().__init__()
        self.gone: set[ClientId] = set()

    async def find(self, client_id: ClientId) -> Client | None:
        return None if client_id in self.gone else await super().find(client_id)
