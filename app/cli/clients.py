"""``keyturn clients``: register, list and remove OAuth clients."""

from codecs import BOM_UTF8
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Final

from ..adapters import client_json, strict_json
from ..domain.clients.client import AuthenticationMethod, Client
from ..domain.clients.errors import ClientNotFound
from ..domain.clients.registration import ClientRegistration, ClientWithSecret
from ..domain.errors import AlreadyExists, ConfigurationError, InvalidRequest
from ..domain.identifiers import ClientId
from .call import Call
from .stores import opened_database

_PAGE: Final = 1_000


async def add(
    call: Call,
    client_id: str,
    *,
    public: bool,
    jwks: Path | None,
    grants: Sequence[str],
    scope: str,
    audiences: Sequence[str],
    introspects: Sequence[str],
) -> None:
    """Register a client and show its secret."""
    description = {
        "client_id": client_id,
        "authentication": _method(public=public, jwks=jwks),
        "grants": grants or (["refresh_token"] if public else []),
        "scope": scope,
        "audiences": audiences,
        "introspects": introspects,
    }
    async with _opened(call, client_id) as clients:
        client = client_json.parse({**description, "jwks": None if jwks is None else _read(jwks)})
        _show_registered(call, await clients.add(client), "Added")


async def rotate_secret(call: Call, client_id: str, grace: int) -> None:
    """Create a new secret for a client, and show it."""
    async with _opened(call, client_id) as clients:
        _show_registered(call, await clients.rotate_secret(ClientId(client_id), grace=grace), "Renewed")


async def remove(call: Call, client_id: str) -> None:
    """Remove a client."""
    async with _opened(call, client_id) as clients:
        await clients.remove(ClientId(client_id))
    call.show({"removed": client_id}, f"Removed {client_id}.")


async def list_all(call: Call) -> None:
    """Show all clients, in the order of their ids."""
    async with _opened(call, "") as clients:
        after = ""
        while (page := await clients.list_clients(after=after, limit=_PAGE)) and not call.output.closed:
            for client in page:
                call.show(client_json.describe(client), _as_text(client))
            call.output.flush()
            after = page[-1].client_id
        if not after:
            call.output.note_at_terminal("No clients.")


@asynccontextmanager
async def _opened(call: Call, client_id: str) -> AsyncIterator[ClientRegistration]:
    """Yield the registration of clients; raises ``ConfigurationError`` for what it refuses."""
    try:
        async with opened_database(call.settings, may_create=call.may_create) as container:
            yield container.client_registration()
    except InvalidRequest as error:
        faults = "; ".join(f"{each.field} {each.message}" for each in error.errors)
        raise ConfigurationError(f"{faults}." if faults else error.description) from error
    except AlreadyExists as error:
        raise ConfigurationError(f"There is a client {client_id} already.") from error
    except ClientNotFound as error:
        raise ConfigurationError(f"There is no registered client {client_id!r}.") from error


def _method(*, public: bool, jwks: Path | None) -> AuthenticationMethod:
    if public and jwks is not None:
        raise ConfigurationError("--public and --jwks: give one of them only.")
    if public:
        return AuthenticationMethod.NONE
    return AuthenticationMethod.SECRET if jwks is None else AuthenticationMethod.PRIVATE_KEY_JWT


def _read(path: Path) -> object:
    try:
        return strict_json.loads(path.read_bytes().removeprefix(BOM_UTF8))
    except OSError as error:
        raise ConfigurationError(f"{path} cannot be read: {error.strerror}.") from error
    except ValueError as error:
        raise ConfigurationError(f"{path} is not JSON, or is ambiguous.") from error


def _show_registered(call: Call, registered: ClientWithSecret, done: str) -> None:
    text = f"{done} {_as_text(registered.client)}"
    result = client_json.describe_registered(registered)
    if registered.secret is None:
        call.show(result, text)
    else:
        call.output.show_secret(result, text, registered.secret)


def _as_text(client: Client) -> str:
    return "  ".join(
        f"{name}={value}" if name != "client_id" else str(value)
        for name, value in (
            ("client_id", client.client_id),
            ("authentication", client.method.value),
            ("grants", ",".join(sorted(client.grants))),
            ("scope", client.scope.text),
            ("audiences", ",".join(client.audiences)),
            ("introspects", ",".join(client.introspects)),
        )
        if value
    )
