"""Users in a database."""

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any, Final

from sqlalchemy import Boolean, Row, and_, bindparam, case, insert, not_, or_, select, update

from ...domain.identifiers import Subject
from ...domain.login.user import User
from ...domain.scope import Scope
from ...ports.user_repository import UserRepository
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
_CHANGE_PASSWORD: Final = (
    update(USERS)
    .where(
        USERS.c.subject == bindparam("of_subject"),
        or_(bindparam("any_hash", type_=Boolean), USERS.c.password_hash == bindparam("expected")),
    )
    .values(password_hash=bindparam("new"), credential_version=USERS.c.credential_version + 1)
    .returning(USERS)
)
_SET_DISABLED: Final = (
    update(USERS)
    .where(USERS.c.subject == bindparam("of_subject"))
    .values(
        disabled=bindparam("now_disabled"),
        credential_version=case(
            (and_(bindparam("now_disabled"), not_(USERS.c.disabled)), USERS.c.credential_version + 1),
            else_=USERS.c.credential_version,
        ),
    )
    .returning(USERS)
)


class SqlUserRepository(UserRepository):
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

    async def change_password(self, subject: Subject, *, new: str, expected: str | None) -> User | None:
        parameters = {"of_subject": subject, "new": new, "expected": expected or "", "any_hash": expected is None}
        return await self._changed(_CHANGE_PASSWORD, parameters)

    async def set_disabled(self, subject: Subject, *, disabled: bool) -> User | None:
        return await self._changed(_SET_DISABLED, {"of_subject": subject, "now_disabled": disabled})

    async def list_users(self, *, after: str, limit: int) -> Sequence[User]:
        return [_user(row) for row in await self._acts.rows(_PAGE, {"after": after, "most": limit})]

    async def _one(self, statement: Any, parameters: dict[str, object]) -> User | None:
        rows = await self._acts.rows(statement, parameters)
        return _user(rows[0]) if rows else None

    async def _changed(self, statement: Any, parameters: dict[str, object]) -> User | None:
        rows = await self._acts.changed(statement, parameters) if is_storable(str(parameters["of_subject"])) else ()
        return _user(rows[0]) if rows else None


def _user(row: Row[Any]) -> User:
    return User(**row._asdict() | {"subject": Subject(row.subject), "scope": Scope.parse(row.scope)})
