"""Users in files."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from hashlib import sha256

from keyturn.adapters.records.encoding import decode, encode
from keyturn.adapters.records.users import user_of, user_record
from keyturn.domain.errors import AlreadyExists
from keyturn.domain.identifiers import Subject
from keyturn.domain.login.user import User
from keyturn.domain.scope import Scope
from keyturn.ports.user_repository import UserRepository

from .directory import Directory


class FileUserRepository(UserRepository):
    """One file for each user. Every act holds the lock of the directory, as those of the sessions do."""

    def __init__(self, directory: Directory) -> None:
        self._directory = directory

    async def add(self, user: User) -> None:
        def add() -> None:
            if any(user.subject == each.subject or user.username == each.username for each in self._read_all()):
                raise AlreadyExists
            self._write(user)

        await self._directory.act(add)

    async def find(self, subject: Subject) -> User | None:
        return await self._directory.act(lambda: self._read(subject))

    async def find_by_username(self, username: str) -> User | None:
        return await self._directory.act(
            lambda: next((each for each in self._read_all() if each.username == username), None)
        )

    async def replace_password_hash(self, subject: Subject, *, expected: str, new: str) -> bool:
        def change(user: User) -> User | None:
            return replace(user, password_hash=new) if user.password_hash == expected else None

        return await self._change(subject, change) is not None

    async def change_password(self, subject: Subject, *, new: str, expected: str | None) -> User | None:
        def change(user: User) -> User | None:
            if expected not in (None, user.password_hash):
                return None
            return replace(user, password_hash=new, credential_version=user.credential_version + 1)

        return await self._change(subject, change)

    async def set_disabled(self, subject: Subject, *, disabled: bool) -> User | None:
        def change(user: User) -> User:
            raised = int(disabled and not user.disabled)
            return replace(user, disabled=disabled, credential_version=user.credential_version + raised)

        return await self._change(subject, change)

    async def set_scope(self, subject: Subject, *, scope: Scope) -> User | None:
        def change(user: User) -> User:
            return replace(user, scope=scope, credential_version=user.credential_version + 1)

        return await self._change(subject, change)

    async def delete(self, subject: Subject) -> bool:
        def delete() -> bool:
            found = self._read(subject) is not None
            if found:
                self._directory.delete(_name(subject))
            return found

        return await self._directory.act(delete)

    async def list_users(self, *, after: str, limit: int) -> Sequence[User]:
        users = await self._directory.act(lambda: [each for each in self._read_all() if each.username > after])
        return sorted(users, key=lambda each: each.username)[:limit]

    async def _change(self, subject: Subject, change: Callable[[User], User | None]) -> User | None:
        """Write what ``change`` returns; return it, or ``None`` if there is no such user or the change is refused."""

        def act() -> User | None:
            user = self._read(subject)
            changed = None if user is None else change(user)
            if changed is not None:
                self._write(changed)
            return changed

        return await self._directory.act(act)

    def _read(self, subject: Subject) -> User | None:
        file = self._directory.path / _name(subject)
        return user_of(decode(file.read_bytes())) if file.exists() else None

    def _read_all(self) -> Iterator[User]:
        return (user_of(decode(file.read_bytes())) for file in self._directory.path.glob("[!.]*.user"))

    def _write(self, user: User) -> None:
        self._directory.write(_name(user.subject), encode(user_record(user)))


def _name(subject: Subject) -> str:
    """Return the name of a user's file. A subject may be longer than that may be, and have any character."""
    return f"{sha256(subject.encode('utf-8', 'surrogatepass')).hexdigest()}.user"
