"""Clients in a database."""

from typing import Final

from sqlalchemy import bindparam, select

from ...domain.model.client import FIRST_PARTY_CLIENT, Client
from ...domain.model.identifiers import ClientId
from .acts import Acts
from .schema import CLIENTS, is_storable

_FIND: Final = select(CLIENTS).where(CLIENTS.c.client_id == bindparam("id"))


class SqlClientRepository:
    """The table ``clients``; the built-in client is not in it."""

    def __init__(self, acts: Acts) -> None:
        self._acts = acts

    async def find(self, client_id: ClientId) -> Client | None:
        if client_id == FIRST_PARTY_CLIENT.client_id:
            return FIRST_PARTY_CLIENT
        rows = await self._acts.rows(_FIND, {"id": client_id}) if is_storable(client_id) else ()
        return Client(ClientId(rows[0].client_id)) if rows else None
