"""Clients in a database."""

from collections.abc import Sequence
from functools import partial
from operator import attrgetter
from typing import Any, Final

from sqlalchemy import bindparam, delete, insert, select, update

from ...domain.clients.client import FIRST_PARTY_CLIENT, Client, ClientSecret
from ...domain.errors import AlreadyExists
from ...domain.identifiers import ClientId
from ...ports.client_repository import ClientRepository
from ..records.clients import client_of, client_record, secrets_text
from ..unreadable import readable
from .readable_rows import readable_page
from .schema import CLIENTS, is_storable, storable_start
from .statements import Statements

_CLIENT: Final = CLIENTS.c

_ADD: Final = insert(CLIENTS)
_FIND: Final = select(CLIENTS).where(_CLIENT.client_id == bindparam("id"))
_LIST: Final = (
    select(CLIENTS)
    .where(_CLIENT.client_id > bindparam("after"))
    .order_by(_CLIENT.client_id)
    .limit(bindparam("max_rows"))
)
_REPLACE_SECRETS: Final = (
    update(CLIENTS)
    .where(_CLIENT.client_id == bindparam("id"), _CLIENT.secrets == bindparam("expected"))
    .values(secrets=bindparam("new"))
)
_REMOVE: Final = delete(CLIENTS).where(_CLIENT.client_id == bindparam("id"))


class SqlClientRepository(ClientRepository):
    """Keeps clients in the table ``clients``, except for the built-in client."""

    def __init__(self, statements: Statements) -> None:
        self._statements = statements

    async def add(self, client: Client) -> None:
        if client.client_id == FIRST_PARTY_CLIENT.client_id:
            raise AlreadyExists
        await self._statements.execute(_ADD, _columns(client))

    async def find(self, client_id: ClientId) -> Client | None:
        if client_id == FIRST_PARTY_CLIENT.client_id:
            return FIRST_PARTY_CLIENT
        rows = await self._statements.fetch(_FIND, {"id": client_id}) if is_storable(client_id) else ()
        return _client(rows[0]) if rows else None

    async def list_clients(self, *, after: str, limit: int) -> Sequence[Client]:
        place = attrgetter("client_id")
        return await readable_page(self._list, _client, after=storable_start(after), limit=limit, place_of=place)

    async def _list(self, after: str, limit: int) -> Sequence[Any]:
        return await self._statements.fetch(_LIST, {"after": after, "max_rows": limit})

    async def replace_secrets(
        self, client_id: ClientId, *, expected: tuple[ClientSecret, ...], new: tuple[ClientSecret, ...]
    ) -> bool:
        change = {"id": client_id, "expected": secrets_text(expected), "new": secrets_text(new)}
        return is_storable(client_id) and await self._statements.execute_once(_REPLACE_SECRETS, change)

    async def remove(self, client_id: ClientId) -> bool:
        return is_storable(client_id) and await self._statements.execute(_REMOVE, {"id": client_id}) > 0


def _columns(client: Client) -> dict[str, object]:
    record = client_record(client)
    return {column.name: record.get(column.name) for column in CLIENTS.columns}


def _client(row: Any) -> Client | None:
    return readable("client", row.client_id, partial(client_of, row._asdict()))
