"""A user repository that is wrong in one way, to show that the kit notices."""

import asyncio
from typing import Any

from app.adapters.memory.users import MemoryUserRepository
from app.domain.identifiers import Subject
from app.domain.login.user import User


class RacyUsers(MemoryUserRepository):
    """Gets, lets others run, and then updates what it got: what they did in between is lost."""

    async def add(self, user: User) -> None:
        free = user.subject not in self._users and user.username not in self._by_name
        await asyncio.sleep(0)
        if free:
            self._users.pop(user.subject, None)
            self._by_name.pop(user.username, None)
        await super().add(user)

    async def change_password(self, subject: Subject, **hashes: Any) -> User | None:
        await self._get_then_wait(subject)
        return await super().change_password(subject, **hashes)

    async def set_disabled(self, subject: Subject, *, disabled: bool) -> User | None:
        await self._get_then_wait(subject)
        return await super().set_disabled(subject, disabled=disabled)

    async def replace_password_hash(self, subject: Subject, **hashes: Any) -> bool:
        await self._get_then_wait(subject)
        return await super().replace_password_hash(subject, **hashes)

    async def _get_then_wait(self, subject: Subject) -> None:
        got = self._users.get(subject)
        await asyncio.sleep(0)
        if got is not None:
            self._users[subject] = got
