"""Users in a database."""

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any, Final

from sqlalchemy import Row, bindparam, insert, select, update

from ...domain.model.identifiers import Subject
from ...domain.model.scope import Scope
from ...domain.model.user import User
from .acts import Acts
from .schema import USERS, is_storable

_ADD: Final = insert(USERS)
_FIND: Final = select(USERS).where(USERS.c.subject == bindparam("of_subject"))
_FIND_BY_USERNAME: Final = select(USERS).where(USERS.c.username == bindparam("name"))
_PAGE: Final = (
    select(USERS).where(USERS.c.username > bindparam("after")).order_by(USERS.c.username).limit(bindparam("most"))
)
_REPLACE_PASSWORD_HASH: Final = (
    update(USERS)
    .where(USERS.c.subject == bindparam("of_subject"), USERS.c.password_hash == bindparam("expected"))
    .values(password_hash=bindparam("new"))
)


class SqlUserRepository:
    """The table ``users``."""

    def __init__(self, acts: Acts) -> None:
        self._acts = acts

    async def add(self, user: User) -> None:
        await self._acts.changes(_ADD, asdict(user) | {"scope": str(user.scope)})

    async def find(self, subject: Subject) -> User | None:
        return await self._one(_FIND, {"of_subject": subject}) if is_storable(subject) else None

    async def find_by_username(self, username: str) -> User | None:
        return await self._one(_FIND_BY_USERNAME, {"name": username}) if is_storable(username) else None

    async def replace_password_hash(self, subject: Subject, *, expected: str, new: str) -> bool:
        return await self._acts.wins(_REPLACE_PASSWORD_HASH, {"of_subject": subject, "expected": expected, "new": new})

    async def page(self, *, after: str, limit: int) -> Sequence[User]:
        return [_user(row) for row in await self._acts.rows(_PAGE, {"after": after, "most": limit})]

    async def _one(self, statement: Any, parameters: dict[str, object]) -> User | None:
        rows = await self._acts.rows(statement, parameters)
        return _user(rows[0]) if rows else None


def _user(row: Row[Any]) -> User:
    return User(**row._asdict() | {"subject": Subject(row.subject), "scope": Scope.parse(row.scope)})
