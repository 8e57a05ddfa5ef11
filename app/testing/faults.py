"""Repositories and a signer in which a test makes something happen in the middle of a call."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

from ..domain.errors import StoreUnavailable
from ..domain.identifiers import SessionId, Subject
from ..domain.login.user import User
from ..domain.sessions.session import RevocationReason, Session
from ..ports.session_repository import RevocationPage
from .sessions import FakeSessionRepository
from .signer import FakeSigner
from .users import FakeUserRepository

Action = Callable[[], Awaitable[object]]


async def unavailable() -> None:
    """Raise ``StoreUnavailable``, like a store that does not answer."""
    raise StoreUnavailable


class Interruptions:
    """Actions of a test that run once, each at a named point."""

    def __init__(self) -> None:
        self._actions: dict[str, Action] = {}

    def once(self, point: str, action: Action) -> None:
        """Run ``action`` the next time that ``point`` is reached, for example ``before advance``."""
        self._actions[point] = action

    async def _reach(self, point: str) -> None:
        if action := self._actions.pop(point, None):
            await action()


class FaultySessionRepository(Interruptions, FakeSessionRepository):
    """Points: ``before`` and ``after`` the writing methods, ``before find`` and ``before list_revocations``. ``writes``
    lists the writes.
    """

    def __init__(self) -> None:
        Interruptions.__init__(self)
        FakeSessionRepository.__init__(self)
        self.writes: list[str] = []
        self.slow_reads = False

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
        advanced = await super().advance(session_id, **change)
        self.writes.append("advance")
        await self._reach("after advance")
        return advanced

    async def revoke(self, session_id: SessionId, *, reason: RevocationReason, now: float) -> bool:
        await self._reach("before revoke")
        revoked = await super().revoke(session_id, reason=reason, now=now)
        self.writes.append("revoke")
        await self._reach("after revoke")
        return revoked

    async def list_revocations(self, moment: float, *, after: str = "") -> RevocationPage:
        await self._reach("before list_revocations")
        return await super().list_revocations(moment, after=after)


class FaultyUserRepository(Interruptions, FakeUserRepository):
    """Points: ``after find_by_username``, ``before`` and ``after change_password``, and ``before delete``."""

    def __init__(self) -> None:
        Interruptions.__init__(self)
        FakeUserRepository.__init__(self)

    async def find_by_username(self, username: str) -> User | None:
        user = await super().find_by_username(username)
        await self._reach("after find_by_username")
        return user

    async def change_password(self, subject: Subject, *, new: str, expected: str | None) -> User | None:
        await self._reach("before change_password")
        user = await super().change_password(subject, new=new, expected=expected)
        await self._reach("after change_password")
        return user

    async def delete(self, subject: Subject) -> bool:
        await self._reach("before delete")
        return await super().delete(subject)


class FaultySigner(Interruptions, FakeSigner):
    """Points: ``before`` and ``after sign``."""

    def __init__(self) -> None:
        Interruptions.__init__(self)
        FakeSigner.__init__(self)

    async def sign(self, kid: str, message: bytes) -> bytes:
        await self._reach("before sign")
        signature = await super().sign(kid, message)
        await self._reach("after sign")
        return signature
