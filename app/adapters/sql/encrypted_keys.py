"""Encrypted signing keys in a database."""

from collections.abc import Sequence
from functools import partial
from typing import Final

from sqlalchemy import bindparam, delete, insert, select, update

from ...domain.errors import AlreadyExists
from ...domain.keys.stored_key import EncryptedKey
from ...ports.encrypted_key_repository import EncryptedKeyRepository
from ..records.encrypted_keys import encrypted_key_of, encrypted_key_record
from ..unreadable import readable
from .schema import SIGNING_KEYS
from .statements import Statements

_KEY: Final = SIGNING_KEYS.c

_ALL: Final = select(SIGNING_KEYS)
_ADD: Final = insert(SIGNING_KEYS)
_RESCHEDULE: Final = (
    update(SIGNING_KEYS)
    .where(_KEY.kid == bindparam("for_kid"), _KEY.activates_at == bindparam("expected"))
    .values(activates_at=bindparam("new"))
)
_REPLACE_ENCRYPTED: Final = (
    update(SIGNING_KEYS)
    .where(_KEY.kid == bindparam("for_kid"), _KEY.sealed == bindparam("expected"))
    .values(sealed=bindparam("new"))
)
_REMOVE: Final = delete(SIGNING_KEYS).where(_KEY.kid == bindparam("for_kid"))


class SqlEncryptedKeyRepository(EncryptedKeyRepository):
    """Keeps keys in the table ``signing_keys``. A constraint on ``follows`` allows one successor for each key."""

    def __init__(self, statements: Statements) -> None:
        self._statements = statements

    async def list_keys(self) -> Sequence[EncryptedKey]:
        found = (
            readable("signing key", row.kid, partial(encrypted_key_of, row._asdict()))
            for row in await self._statements.fetch(_ALL, {})
        )
        return [each for each in found if each is not None]

    async def add(self, key: EncryptedKey) -> bool:
        try:
            return await self._statements.execute_once(_ADD, _columns(key))
        except AlreadyExists:
            return False

    async def reschedule(self, kid: str, *, expected: float, activates_at: float) -> bool:
        return await self._statements.execute_once(
            _RESCHEDULE, {"for_kid": kid, "expected": expected, "new": activates_at}
        )

    async def replace_encryption(self, kid: str, *, expected: str, encrypted: str) -> bool:
        return await self._statements.execute_once(
            _REPLACE_ENCRYPTED, {"for_kid": kid, "expected": expected, "new": encrypted}
        )

    async def remove(self, kid: str) -> bool:
        return await self._statements.execute(_REMOVE, {"for_kid": kid}) > 0


def _columns(key: EncryptedKey) -> dict[str, object]:
    record = encrypted_key_record(key)
    return {column.name: record[column.name] for column in SIGNING_KEYS.columns}
