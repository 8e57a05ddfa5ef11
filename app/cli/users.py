"""``keyturn users``."""

import argparse
import asyncio
import getpass
import json
import sys
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Final

from ..application import opened
from ..container import Container
from ..domain.errors import AlreadyExists, ConfigurationError, InvalidRequest, InvalidScope
from ..domain.model.scope import Scope
from ..domain.model.user import User
from ..domain.services.accounts import Accounts
from ..settings import Settings

if TYPE_CHECKING:
    from argparse import _SubParsersAction

_PAGE: Final = 1_000


def add_to(commands: "_SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add the commands to the parser."""
    group = commands.add_parser("users", help="add and list users").add_subparsers(required=True, metavar="COMMAND")
    add = group.add_parser(
        "add",
        help="add a user",
        description="Adds a user to KEYTURN_DATABASE_URL. Asks for the password twice; where standard input is no"
        " terminal, its first line is the password.",
    )
    add.add_argument("username", help="1 to 255 characters")
    add.add_argument("--scope", help="scope tokens parted by spaces (default: KEYTURN_DEFAULT_SCOPE)")
    listing = group.add_parser("list", help="list the users", description="Lists the users by name.")
    for command, run in ((add, run_add), (listing, run_list)):
        command.add_argument("--json", action="store_true", help="print JSON, one object a line")
        command.set_defaults(run=run)


def run_add(arguments: argparse.Namespace, environment: Mapping[str, str]) -> None:
    """Add a user and say which id they got."""
    settings = Settings.from_environment(environment)
    try:
        scope = settings.default_scope if arguments.scope is None else Scope.parse(arguments.scope)
        user = asyncio.run(_add(settings, arguments.username, _password(), scope))
    except InvalidRequest as error:
        raise ConfigurationError(
            "; ".join(f"The {each.field} {each.message}" for each in error.errors) + "."
        ) from error
    except InvalidScope as error:
        raise ConfigurationError("The scope must be scope tokens parted by single spaces (RFC 6749 §3.3).") from error
    except AlreadyExists as error:
        raise ConfigurationError(f"There is a user {arguments.username!r} already.") from error
    print(_as_json(user) if arguments.json else f"Added {_printable(user)}, whose id (sub) is {user.subject}.")


def run_list(arguments: argparse.Namespace, environment: Mapping[str, str]) -> None:
    """Print a line for each user."""
    settings = Settings.from_environment(environment)
    asyncio.run(_list(settings, _as_json if arguments.json else _as_text))


async def _add(settings: Settings, username: str, password: str, scope: Scope) -> User:
    async with _accounts(settings) as accounts:
        return await accounts.create(username, password, scope=scope)


async def _list(settings: Settings, show: Callable[[User], str]) -> None:
    async with _accounts(settings) as accounts:
        after = ""
        while page := await accounts.page(after=after, limit=_PAGE):
            for user in page:
                print(show(user))
            after = page[-1].username


@asynccontextmanager
async def _accounts(settings: Settings) -> AsyncIterator[Accounts]:
    """Yield the accounts of a database that outlives this command."""
    if settings.database_url == "memory://":
        raise ConfigurationError(
            "Users in memory end with the process that keeps them: set KEYTURN_DATABASE_URL, to sqlite:///keyturn.db"
            " or another database, as for the service."
        )
    container = Container(settings=settings)
    database = container.stores.database()
    await database.prepare()
    container.init_resources()
    try:
        async with opened([database]):
            yield container.accounts()
    finally:
        container.shutdown_resources()


def _password() -> str:
    if not sys.stdin.isatty():
        return sys.stdin.readline().rstrip("\r\n")
    password = getpass.getpass("Password: ")
    if getpass.getpass("Again: ") != password:
        raise ConfigurationError("The two passwords differ; nobody was added.")
    return password


def _as_text(user: User) -> str:
    return f"{user.subject}  {_printable(user)}  {user.scope}" + ("  disabled" if user.disabled else "")


def _printable(user: User) -> str:
    """Return the name such that it stays in its line, whatever a terminal makes of its characters."""
    return user.username if user.username.isprintable() else ascii(user.username)


def _as_json(user: User) -> str:
    return json.dumps(
        {"sub": user.subject, "username": user.username, "scope": str(user.scope), "disabled": user.disabled}
    )
