"""User repositories with one fault each."""

import asyncio
from collections.abc import Sequence
from typing import Any

from app.domain.identifiers import Subject
from app.domain.login.user import User
from app.domain.scope import Scope
from app.testing.users import FakeUserRepository


class RacyUsers(FakeUserRepository):
    """Each act reads, lets other tasks run, and then writes what it read: changes of the other tasks are lost."""

    async def add(self, user: User) -> None:
        free = not self._in_the_way_of(user)
        await asyncio.sleep(0)
        if free:
            for subject in self._in_the_way_of(user):
                del self.stored[subject]
        await super().add(user)

    async def change_password(self, subject: Subject, **hashes: Any) -> User | None:
        await self._read_then_wait(subject)
        return await super().change_password(subject, **hashes)

    async def set_disabled(self, subject: Subject, *, disabled: bool) -> User | None:
        await self._read_then_wait(subject)
        return await super().set_disabled(subject, disabled=disabled)

    async def set_scope(self, subject: Subject, *, scope: Scope) -> User | None:
        await self._read_then_wait(subject)
        return await super().set_scope(subject, scope=scope)

    async def delete(self, subject: Subject) -> bool:
        found = subject in self.stored
        await asyncio.sleep(0)
        await super().delete(subject)
        return found

    async def replace_password_hash(self, subject: Subject, **hashes: Any) -> bool:
        await self._read_then_wait(subject)
        return await super().replace_password_hash(subject, **hashes)

    async def _read_then_wait(self, subject: Subject) -> None:
        read = self.stored.get(subject)
        await asyncio.sleep(0)
        if read is not None:
            self.stored[subject] = read

    def _in_the_way_of(self, user: User) -> list[Subject]:
        return [
            each.subject
            for each in self.stored.values()
            if each.subject == user.subject or each.username == user.username
        ]


class CutsLongNames(FakeUserRepository):
    """The keys of the index of names have 510 bytes."""

    async def find_by_username(self, username: str) -> User | None:
        cut = username.encode("utf-8", "surrogatepass")[:510]
        return next((each for each in self.stored.values() if each.username.encode()[:510] == cut), None)


class RefusesLongNames(FakeUserRepository):
    """The driver refuses a key of more than 510 bytes, and nobody catches what it raises."""

    async def add(self, user: User) -> None:
        if len(user.username.encode()) > 510:
            raise BufferError("MDB_BAD_VALSIZE")
        await super().add(user)


class ListsOnePage(FakeUserRepository):
    """``list_users`` returns 100 users at most."""

    async def list_users(self, *, after: str, limit: int) -> Sequence[User]:
        return await super().list_users(after=after, limit=min(limit, 100))
