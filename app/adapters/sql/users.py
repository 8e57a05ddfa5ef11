"""Users in a database."""

from collections.abc import Mapping, Sequence
from functools import partial
from operator import attrgetter
from typing import Any, Final

from sqlalchemy import Boolean, and_, bindparam, case, delete, insert, not_, or_, select, update

from ...domain.identifiers import Subject
from ...domain.login.user import User
from ...domain.scope import Scope
from ...ports.user_repository import UserRepository
from ..records.users import user_of, user_record
from ..unreadable import readable
from .readable_rows import readable_page
from .schema import USERS, is_storable, storable_start
from .statements import Statements

_ADD: Final = insert(USERS)
_FIND: Final = select(USERS).where(USERS.c.subject == bindparam("for_subject"))
_FIND_BY_USERNAME: Final = select(USERS).where(USERS.c.username == bindparam("name"))
_LIST: Final = (
    select(USERS).where(USERS.c.username > bindparam("after")).order_by(USERS.c.username).limit(bindparam("max_rows"))
)
_REPLACE_PASSWORD_HASH: Final = (
    update(USERS)
    .where(USERS.c.subject == bindparam("for_subject"), USERS.c.password_hash == bindparam("expected"))
    .values(password_hash=bindparam("new"))
)
_CHANGE_PASSWORD: Final = (
    update(USERS)
    .where(
        USERS.c.subject == bindparam("for_subject"),
        or_(bindparam("any_hash", type_=Boolean), USERS.c.password_hash == bindparam("expected")),
    )
    .values(password_hash=bindparam("new"), credential_version=USERS.c.credential_version + 1)
    .returning(USERS)
)
_SET_DISABLED: Final = (
    update(USERS)
    .where(USERS.c.subject == bindparam("for_subject"))
    .values(
        disabled=bindparam("now_disabled"),
        credential_version=case(
            (and_(bindparam("now_disabled"), not_(USERS.c.disabled)), USERS.c.credential_version + 1),
            else_=USERS.c.credential_version,
        ),
    )
    .returning(USERS)
)
_SET_SCOPE: Final = (
    update(USERS)
    .where(USERS.c.subject == bindparam("for_subject"))
    .values(scope=bindparam("new_scope"), credential_version=USERS.c.credential_version + 1)
    .returning(USERS)
)
_DELETE: Final = delete(USERS).where(USERS.c.subject == bindparam("for_subject"))


class SqlUserRepository(UserRepository):
    """Keeps users in the table ``users``."""

    def __init__(self, statements: Statements) -> None:
        self._statements = statements

    async def add(self, user: User) -> None:
        await self._statements.execute(_ADD, _columns(user))

    async def find(self, subject: Subject) -> User | None:
        return await self._find(_FIND, {"for_subject": subject}) if is_storable(subject) else None

    async def find_by_username(self, username: str) -> User | None:
        return await self._find(_FIND_BY_USERNAME, {"name": username}) if is_storable(username) else None

    async def replace_password_hash(self, subject: Subject, *, expected: str, new: str) -> bool:
        return await self._statements.execute_once(
            _REPLACE_PASSWORD_HASH, {"for_subject": subject, "expected": expected, "new": new}
        )

    async def change_password(self, subject: Subject, *, new: str, expected: str | None) -> User | None:
        parameters = {"for_subject": subject, "new": new, "expected": expected or "", "any_hash": expected is None}
        return await self._change(_CHANGE_PASSWORD, parameters)

    async def set_disabled(self, subject: Subject, *, disabled: bool) -> User | None:
        return await self._change(_SET_DISABLED, {"for_subject": subject, "now_disabled": disabled})

    async def set_scope(self, subject: Subject, *, scope: Scope) -> User | None:
        return await self._change(_SET_SCOPE, {"for_subject": subject, "new_scope": scope.text})

    async def delete(self, subject: Subject) -> bool:
        return is_storable(subject) and await self._statements.execute(_DELETE, {"for_subject": subject}) > 0

    async def list_users(self, *, after: str, limit: int) -> Sequence[User]:
        place = attrgetter("username")
        return await readable_page(self._list, _user, after=storable_start(after), limit=limit, place_of=place)

    async def _list(self, after: str, limit: int) -> Sequence[Any]:
        return await self._statements.fetch(_LIST, {"after": after, "max_rows": limit})

    async def _find(self, statement: Any, parameters: dict[str, object]) -> User | None:
        rows = await self._statements.fetch(statement, parameters)
        return _user(rows[0]) if rows else None

    async def _change(self, statement: Any, parameters: dict[str, object]) -> User | None:
        if not is_storable(str(parameters["for_subject"])):
            return None
        rows = await self._statements.execute_returning(statement, parameters)
        return _user(rows[0]) if rows else None


def _user(row: Any) -> User | None:
    return readable("user", row.subject, partial(user_of, row._asdict()))


def _columns(user: User) -> dict[str, object]:
    """Return the columns of a user. PostgreSQL takes no number for a column of true and false."""
    record: Mapping[str, object] = {**user_record(user), "disabled": user.disabled}
    return {column.name: record[column.name] for column in USERS.columns}
