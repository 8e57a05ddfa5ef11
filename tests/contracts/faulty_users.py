"""A user repository that is wrong in one way, to show that the kit notices."""

import asyncio
from typing import Any

from app.adapters.memory.users import MemoryUserRepository
from app.domain.model.identifiers import Subject
from app.domain.model.user import User


class RacyUsers(MemoryUserRepository):
    """Gets, lets others run, and then updates what it got: what they did in between is lost."""

    async def add(self, user: User) -> None:
        free = user.subject not in self._users and user.username not in self._by_name
        await asyncio.sleep(0)
        if free:
            self._users.pop(user.subject, None)
            self._by_name.pop(user.username, None)
        await super().add(user)

    async def replace_password_hash(self, subject: Subject, **hashes: Any) -> bool:
        got = self._users.get(subject)
        await asyncio.sleep(0)
        if got is not None:
            self._users[subject] = got
        return await super().replace_password_hash(subject, **hashes)
