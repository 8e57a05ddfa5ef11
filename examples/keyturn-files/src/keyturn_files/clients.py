"""OAuth clients in files."""

from collections.abc import Sequence
from dataclasses import replace
from hashlib import sha256

from keyturn.adapters.records.clients import client_of, client_record
from keyturn.adapters.records.encoding import decode, encode
from keyturn.domain.clients.client import FIRST_PARTY_CLIENT, Client, ClientSecret
from keyturn.domain.errors import AlreadyExists
from keyturn.domain.identifiers import ClientId
from keyturn.ports.client_repository import ClientRepository

from .directory import Directory


class FileClientRepository(ClientRepository):
    """One file for each client. The built-in client is in none: it is found, and cannot be added or changed."""

    def __init__(self, directory: Directory) -> None:
        self._directory = directory

    async def add(self, client: Client) -> None:
        def add() -> None:
            if client.client_id == FIRST_PARTY_CLIENT.client_id or self._read(client.client_id) is not None:
                raise AlreadyExists
            self._write(client)

        await self._directory.act(add)

    async def find(self, client_id: ClientId) -> Client | None:
        if client_id == FIRST_PARTY_CLIENT.client_id:
            return FIRST_PARTY_CLIENT
        return await self._directory.act(lambda: self._read(client_id))

    async def list_clients(self, *, after: str, limit: int) -> Sequence[Client]:
        def read() -> Sequence[Client]:
            files = self._directory.path.glob("[!.]*.client")
            return [client_of(decode(file.read_bytes())) for file in files]

        clients = await self._directory.act(read)
        return sorted((each for each in clients if each.client_id > after), key=lambda each: each.client_id)[:limit]

    async def replace_secrets(
        self, client_id: ClientId, *, expected: tuple[ClientSecret, ...], new: tuple[ClientSecret, ...]
    ) -> bool:
        def swap() -> bool:
            client = self._read(client_id)
            if client is None or client.secrets != expected:
                return False
            self._write(replace(client, secrets=new))
            return True

        return await self._directory.act(swap)

    async def remove(self, client_id: ClientId) -> bool:
        def remove() -> bool:
            found = self._read(client_id) is not None
            if found:
                self._directory.delete(_name(client_id))
            return found

        return await self._directory.act(remove)

    def _read(self, client_id: ClientId) -> Client | None:
        file = self._directory.path / _name(client_id)
        return client_of(decode(file.read_bytes())) if file.exists() else None

    def _write(self, client: Client) -> None:
        self._directory.write(_name(client.client_id), encode(client_record(client)))


def _name(client_id: ClientId) -> str:
    return f"{sha256(client_id.encode('utf-8', 'surrogatepass')).hexdigest()}.client"
