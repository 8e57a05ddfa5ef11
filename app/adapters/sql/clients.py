"""Clients in a database."""

import json
from collections.abc import Sequence
from operator import attrgetter
from types import NoneType
from typing import Any, Final

from sqlalchemy import bindparam, delete, insert, select, update

from ...domain.clients.client import FIRST_PARTY_CLIENT, AuthenticationMethod, Client, ClientSecret, GrantType
from ...domain.errors import AlreadyExists
from ...domain.identifiers import ClientId
from ...domain.scope import Scope
from ...ports.client_repository import ClientRepository
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
        change = {"id": client_id, "expected": _secrets_text(expected), "new": _secrets_text(new)}
        return is_storable(client_id) and await self._statements.execute_once(_REPLACE_SECRETS, change)

    async def remove(self, client_id: ClientId) -> bool:
        return is_storable(client_id) and await self._statements.execute(_REMOVE, {"id": client_id}) > 0


def _columns(client: Client) -> dict[str, object]:
    return {
        "client_id": client.client_id,
        "method": client.method,
        "grants": " ".join(sorted(client.grants)),
        "scope": client.scope.text,
        "audiences": " ".join(client.audiences),
        "introspects": " ".join(client.introspects),
        "secrets": _secrets_text(client.secrets),
        "jwks": client.jwks,
    }


def _client(row: Any) -> Client | None:
    return readable("client", row.client_id, lambda: _read(row))


def _read(row: Any) -> Client:
    return Client(
        client_id=ClientId(row.client_id),
        method=AuthenticationMethod(row.method),
        grants=frozenset(map(GrantType, row.grants.split())),
        scope=Scope.parse(row.scope),
        audiences=tuple(row.audiences.split()),
        introspects=tuple(row.introspects.split()),
        secrets=tuple(_secret(*each) for each in json.loads(row.secrets)),
        jwks=None if row.jwks is None else _jwks(row.jwks),
    )


def _secret(digest: str, expires_at: int | None) -> ClientSecret:
    if type(expires_at) not in (int, NoneType):
        raise TypeError("the expiry of a secret is no number of seconds")
    return ClientSecret(bytes.fromhex(digest), expires_at)


def _jwks(text: str) -> str:
    if not isinstance(json.loads(text), dict):
        raise ValueError("the keys are no JSON object")  # noqa: TRY004  # the text is wrong, not its type
    return text


def _secrets_text(secrets: tuple[ClientSecret, ...]) -> str:
    """Return the same text for the same secrets, because ``replace_secrets`` compares it."""
    return json.dumps([[secret.digest.hex(), secret.expires_at] for secret in secrets])
