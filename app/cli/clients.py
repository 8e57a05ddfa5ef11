"""``keyturn clients``: register, list and remove OAuth clients."""

import argparse
import asyncio
import json
from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Final, TypeVar

from ..adapters import client_json, strict_json
from ..domain.clients.client import AuthenticationMethod, Client, GrantType
from ..domain.clients.errors import ClientNotFound
from ..domain.clients.registration import ClientRegistration, ClientWithSecret
from ..domain.errors import AlreadyExists, ConfigurationError, InvalidRequest
from ..domain.identifiers import ClientId
from ..service.settings import Settings
from ..service.settings.forms import duration
from .arguments import unescaped
from .stores import opened_database

if TYPE_CHECKING:
    from argparse import _SubParsersAction

_T = TypeVar("_T")

_PAGE: Final = 1_000
_MAX_GRACE_SECONDS: Final = 30 * 86_400

_HELP: Final = {
    "add": "register a client; its secret is printed once, on standard output",
    "list": "list the clients by id",
    "rotate-secret": "give a client a new secret, which is printed once, on standard output",
    "remove": "remove a client: it cannot authenticate any more, and its sessions cannot be refreshed; access tokens"
    " that were issued to the client itself are valid until they expire",
}


def add_to(commands: "_SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add the commands to the parser."""
    parser = commands.add_parser("clients", help="register OAuth clients, list and remove them")
    group = parser.add_subparsers(required=True, metavar="COMMAND")
    made = {name: group.add_parser(name, help=text, description=text) for name, text in _HELP.items()}
    for name in ("add", "rotate-secret", "remove"):
        made[name].add_argument("client_id", type=unescaped, help="1 to 100 letters, digits and . _ ~ -")
    add = made["add"]
    add.add_argument("--public", action="store_true", help="a client that cannot keep a secret; it may only refresh")
    add.add_argument("--jwks", type=Path, metavar="FILE", help="its public keys: it authenticates by private_key_jwt")
    add.add_argument("--grant", action="append", default=[], choices=sorted(GrantType), help="a grant it may use")
    add.add_argument("--scope", default="", help="scope tokens, separated by spaces")
    add.add_argument("--audience", action="append", default=[], help="an audience for which it may get tokens")
    add.add_argument(
        "--introspects",
        action="append",
        default=[],
        metavar="AUDIENCE",
        help="an audience whose tokens it may introspect",
    )
    made["rotate-secret"].add_argument(
        "--grace",
        type=_grace,
        default=0,
        metavar="TIME",
        help="time during which the old secret stays valid, such as 24h",
    )
    for name, run in (("add", run_add), ("list", run_list), ("rotate-secret", run_rotate), ("remove", run_remove)):
        made[name].add_argument("--json", action="store_true", help="print JSON, one object a line")
        made[name].set_defaults(run=run)


def run_add(arguments: argparse.Namespace, environment: Mapping[str, str]) -> None:
    """Register a client and print its secret."""
    _print_registered(arguments, _run(environment, arguments, lambda clients: clients.add(_client(arguments))), "Added")


def run_rotate(arguments: argparse.Namespace, environment: Mapping[str, str]) -> None:
    """Create a new secret for a client, and print it."""
    client_id, grace = ClientId(arguments.client_id), arguments.grace
    registered = _run(environment, arguments, lambda clients: clients.rotate_secret(client_id, grace=grace))
    _print_registered(arguments, registered, "Renewed")


def run_remove(arguments: argparse.Namespace, environment: Mapping[str, str]) -> None:
    """Remove a client."""
    _run(environment, arguments, lambda clients: clients.remove(ClientId(arguments.client_id)))
    print(json.dumps({"removed": arguments.client_id}) if arguments.json else f"Removed {arguments.client_id}.")


def run_list(arguments: argparse.Namespace, environment: Mapping[str, str]) -> None:
    """Print a line for each client."""
    show = _as_json if arguments.json else _as_text

    async def listed(clients: ClientRegistration) -> None:
        after = ""
        while page := await clients.list_clients(after=after, limit=_PAGE):
            for client in page:
                print(show(client))
            after = page[-1].client_id

    _run(environment, arguments, listed)


def _run(
    environment: Mapping[str, str], arguments: argparse.Namespace, act: Callable[[ClientRegistration], Awaitable[_T]]
) -> _T:
    settings = Settings.from_environment(environment)

    async def done() -> _T:
        async with opened_database(settings) as container:
            return await act(container.client_registration())

    try:
        return asyncio.run(done())
    except InvalidRequest as error:
        faults = "; ".join(f"{each.field} {each.message}" for each in error.errors)
        raise ConfigurationError(f"{faults}." if faults else error.description) from error
    except AlreadyExists as error:
        raise ConfigurationError(f"There is a client {arguments.client_id} already.") from error
    except ClientNotFound as error:
        raise ConfigurationError(f"There is no registered client {arguments.client_id!r}.") from error


def _client(arguments: argparse.Namespace) -> Client:
    if arguments.public and arguments.jwks is not None:
        raise ConfigurationError("--public and --jwks: give one of them only.")
    method = AuthenticationMethod.SECRET
    if arguments.public:
        method = AuthenticationMethod.NONE
    elif arguments.jwks is not None:
        method = AuthenticationMethod.PRIVATE_KEY_JWT
    return client_json.parse(
        {
            "client_id": arguments.client_id,
            "authentication": method,
            "grants": arguments.grant or (["refresh_token"] if arguments.public else []),
            "scope": arguments.scope,
            "audiences": arguments.audience,
            "introspects": arguments.introspects,
            "jwks": None if arguments.jwks is None else _read(arguments.jwks),
        }
    )


def _read(path: Path) -> object:
    try:
        return strict_json.loads(path.read_bytes())
    except OSError as error:
        raise ConfigurationError(f"{path} cannot be read: {error.strerror}.") from error
    except ValueError as error:
        raise ConfigurationError(f"{path} is not JSON, or is ambiguous.") from error


def _grace(text: str) -> int:
    try:
        return duration(0, _MAX_GRACE_SECONDS)(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from error


def _print_registered(arguments: argparse.Namespace, registered: ClientWithSecret, done: str) -> None:
    if arguments.json:
        print(json.dumps(client_json.describe_registered(registered)))
        return
    print(f"{done} {_as_text(registered.client)}")
    if registered.secret is not None:
        print(f"Its secret, which is not shown again: {registered.secret}")


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


def _as_json(client: Client) -> str:
    return json.dumps(client_json.describe(client))
