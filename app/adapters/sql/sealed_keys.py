"""Sealed signing keys in a database."""

from collections.abc import Sequence
from dataclasses import asdict
from typing import Final

from sqlalchemy import bindparam, delete, insert, select, update

from ...domain.identifier_errors import AlreadyExists
from ...ports.sealed_keys import SealedKey
from .acts import Acts
from .schema import SIGNING_KEYS

_KEY: Final = SIGNING_KEYS.c

_ALL: Final = select(SIGNING_KEYS)
_ADD: Final = insert(SIGNING_KEYS)
_RESCHEDULE: Final = (
    update(SIGNING_KEYS)
    .where(_KEY.kid == bindparam("of_kid"), _KEY.activates_at == bindparam("expected"))
    .values(activates_at=bindparam("new"))
)
_RESEAL: Final = (
    update(SIGNING_KEYS)
    .where(_KEY.kid == bindparam("of_kid"), _KEY.sealed == bindparam("expected"))
    .values(sealed=bindparam("new"))
)
_REMOVE: Final = delete(SIGNING_KEYS).where(_KEY.kid == bindparam("of_kid"))


class SqlSealedKeyRepository:
    """The table ``signing_keys``; that one key follows another is a constraint of it."""

    def __init__(self, acts: Acts) -> None:
        self._acts = acts

    async def all(self) -> Sequence[SealedKey]:
        return [SealedKey(**row._asdict()) for row in await self._acts.rows(_ALL, {})]

    async def add(self, key: SealedKey) -> bool:
        try:
            return await self._acts.wins(_ADD, asdict(key))
        except AlreadyExists:
            return False

    async def reschedule(self, kid: str, *, expected: float, activates_at: float) -> bool:
        return await self._acts.wins(_RESCHEDULE, {"of_kid": kid, "expected": expected, "new": activates_at})

    async def reseal(self, kid: str, *, expected: str, sealed: str) -> bool:
        return await self._acts.wins(_RESEAL, {"of_kid": kid, "expected": expected, "new": sealed})

    async def remove(self, kid: str) -> bool:
        return await self._acts.changes(_REMOVE, {"of_kid": kid}) > 0
