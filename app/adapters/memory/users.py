"""Users in memory."""

from collections.abc import Sequence
from dataclasses import replace

from ...domain.errors import AlreadyExists
from ...domain.identifiers import Subject
from ...domain.login.user import User
from ...domain.scope import Scope
from ...ports.user_repository import UserRepository


class MemoryUserRepository(UserRepository):
    """Keeps users in two dictionaries. No method awaits anything, so each is atomic on the event loop."""

    def __init__(self) -> None:
        self._users: dict[Subject, User] = {}
        self._by_name: dict[str, Subject] = {}

    async def add(self, user: User) -> None:
        if user.subject in self._users or user.username in self._by_name:
            raise AlreadyExists
        self._users[user.subject] = user
        self._by_name[user.username] = user.subject

    async def find(self, subject: Subject) -> User | None:
        return self._users.get(subject)

    async def find_by_username(self, username: str) -> User | None:
        subject = self._by_name.get(username)
        return None if subject is None else self._users[subject]

    async def replace_password_hash(self, subject: Subject, *, expected: str, new: str) -> bool:
        user = self._users.get(subject)
        if user is None or user.password_hash != expected:
            return False
        self._users[subject] = replace(user, password_hash=new)
        return True

    async def change_password(self, subject: Subject, *, new: str, expected: str | None) -> User | None:
        user = self._users.get(subject)
        if user is None or expected not in (None, user.password_hash):
            return None
        return self._store(replace(user, password_hash=new, credential_version=user.credential_version + 1))

    async def set_disabled(self, subject: Subject, *, disabled: bool) -> User | None:
        user = self._users.get(subject)
        if user is None or user.disabled == disabled:
            return user
        return self._store(replace(user, disabled=disabled, credential_version=user.credential_version + disabled))

    async def set_scope(self, subject: Subject, *, scope: Scope) -> User | None:
        user = self._users.get(subject)
        if user is None:
            return None
        return self._store(replace(user, scope=scope, credential_version=user.credential_version + 1))

    async def delete(self, subject: Subject) -> bool:
        user = self._users.pop(subject, None)
        if user is None:
            return False
        del self._by_name[user.username]
        return True

    async def list_users(self, *, after: str, limit: int) -> Sequence[User]:
        names = sorted(name for name in self._by_name if name > after)
        return [self._users[self._by_name[name]] for name in names[:limit]]

    def _store(self, user: User) -> User:
        self._users[user.subject] = user
        return user
