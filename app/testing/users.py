"""Users in a dictionary."""

from collections.abc import Sequence
from dataclasses import replace

from ..domain.errors import AlreadyExists
from ..domain.identifiers import Subject
from ..domain.login.user import User
from ..domain.scope import Scope
from ..ports.user_repository import UserRepository


class FakeUserRepository(UserRepository):
    """A dictionary of users. No method awaits, so each is atomic on the event loop."""

    def __init__(self) -> None:
        self.stored: dict[Subject, User] = {}

    async def add(self, user: User) -> None:
        if user.subject in self.stored or self._named(user.username):
            raise AlreadyExists
        self.stored[user.subject] = user

    async def find(self, subject: Subject) -> User | None:
        return self.stored.get(subject)

    async def find_by_username(self, username: str) -> User | None:
        return self._named(username)

    async def replace_password_hash(self, subject: Subject, *, expected: str, new: str) -> bool:
        user = self.stored.get(subject)
        if user is None or user.password_hash != expected:
            return False
        self.stored[subject] = replace(user, password_hash=new)
        return True

    async def change_password(self, subject: Subject, *, new: str, expected: str | None) -> User | None:
        user = self.stored.get(subject)
        if user is None or expected not in (None, user.password_hash):
            return None
        self.stored[subject] = replace(user, password_hash=new, credential_version=user.credential_version + 1)
        return self.stored[subject]

    async def set_disabled(self, subject: Subject, *, disabled: bool) -> User | None:
        user = self.stored.get(subject)
        if user is not None and user.disabled != disabled:
            user = replace(user, disabled=disabled, credential_version=user.credential_version + disabled)
            self.stored[subject] = user
        return user

    async def set_scope(self, subject: Subject, *, scope: Scope) -> User | None:
        user = self.stored.get(subject)
        if user is None:
            return None
        self.stored[subject] = replace(user, scope=scope, credential_version=user.credential_version + 1)
        return self.stored[subject]

    async def delete(self, subject: Subject) -> bool:
        return self.stored.pop(subject, None) is not None

    async def list_users(self, *, after: str, limit: int) -> Sequence[User]:
        ordered = sorted(self.stored.values(), key=lambda user: user.username)
        return [user for user in ordered if user.username > after][:limit]

    def _named(self, username: str) -> User | None:
        return next((user for user in self.stored.values() if user.username == username), None)
