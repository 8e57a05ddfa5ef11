"""``keyturn users``: add, list and change users."""

import argparse
import asyncio
import getpass
import sys
from collections.abc import Awaitable, Callable, Mapping
from typing import TYPE_CHECKING, Final

from ..domain.errors import AlreadyExists, ConfigurationError, InvalidRequest
from ..domain.login.accounts import Accounts
from ..domain.login.errors import UserNotFound
from ..domain.login.user import User
from ..domain.scope import FORM, InvalidScope, Scope
from ..service.container import Container
from ..service.settings import Settings
from . import user_import
from .arguments import first_line, unescaped
from .stores import opened_stores
from .user_lines import as_json, as_text, printable, quoted

if TYPE_CHECKING:
    from argparse import _SubParsersAction

_PAGE: Final = 1_000
_SUGGESTIONS: Final = 3

_HELP: Final = {
    "add": "add a user; asks for the password twice, or reads it from the first line of standard input",
    "list": "list the users by name",
    "disable": "stop a user from signing in, and end all their sessions",
    "enable": "let a user sign in again",
    "set-password": "set a new password, which is read as in add, and end all sessions of the user",
}


def add_to(commands: "_SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add the commands to the parser."""
    parser = commands.add_parser("users", help="add, list, disable, enable and import users, set their passwords")
    group = parser.add_subparsers(required=True, metavar="COMMAND")
    made = {name: group.add_parser(name, help=text, description=text) for name, text in _HELP.items()}
    for name in ("add", "disable", "enable", "set-password"):
        made[name].add_argument("username", type=unescaped, help="1 to 255 characters; upper and lower case differ")
    made["add"].add_argument("--scope", help="scope tokens, separated by spaces (default: KEYTURN_DEFAULT_SCOPE)")
    for name, run in _RUN.items():
        made[name].add_argument("--json", action="store_true", help="print JSON, one object a line")
        made[name].set_defaults(run=run)
    user_import.add_to(group)


def run_add(arguments: argparse.Namespace, environment: Mapping[str, str]) -> None:
    """Add a user and print their id."""
    settings = Settings.from_environment(environment)
    try:
        scope = settings.default_scope if arguments.scope is None else Scope.parse(arguments.scope)
        password = _typed_password()
        user = _act(settings, lambda container: container.accounts().create(arguments.username, password, scope=scope))
    except InvalidScope as error:
        raise ConfigurationError(f"The scope must be {FORM} (RFC 6749 §3.3).") from error
    except AlreadyExists as error:
        raise ConfigurationError(f"There is a user {quoted(arguments.username)} already.") from error
    print(as_json(user) if arguments.json else f"Added {printable(user.username)}, whose id (sub) is {user.subject}.")


def run_list(arguments: argparse.Namespace, environment: Mapping[str, str]) -> None:
    """Print a line for each user."""
    asyncio.run(_list(Settings.from_environment(environment), as_json if arguments.json else as_text))


def run_disable(arguments: argparse.Namespace, environment: Mapping[str, str]) -> None:
    """Disable a user, and print the result."""

    async def disable(container: Container, user: User) -> User:
        return await container.administration().disable(user.subject)

    _change(arguments, environment, disable, "Disabled {}; all their sessions have ended.")


def run_enable(arguments: argparse.Namespace, environment: Mapping[str, str]) -> None:
    """Enable a user, and print the result."""

    async def enable(container: Container, user: User) -> User:
        return await container.administration().enable(user.subject)

    _change(arguments, environment, enable, "Enabled {}.")


def run_set_password(arguments: argparse.Namespace, environment: Mapping[str, str]) -> None:
    """Set the password of a user, and print the result."""
    password = _typed_password()

    async def set_password(container: Container, user: User) -> User:
        return await container.administration().set_password(user.subject, password)

    _change(arguments, environment, set_password, "Set the password of {}; all their sessions have ended.")


_RUN: Final = {
    "add": run_add,
    "list": run_list,
    "disable": run_disable,
    "enable": run_enable,
    "set-password": run_set_password,
}


def _change(
    arguments: argparse.Namespace,
    environment: Mapping[str, str],
    change: Callable[[Container, User], Awaitable[User]],
    message: str,
) -> None:
    """Change the user of the given name, and print the user as JSON or ``message`` as text."""

    async def act(container: Container) -> User:
        return await change(container, await _find(container.accounts(), arguments.username))

    user = _act(Settings.from_environment(environment), act)
    print(as_json(user) if arguments.json else message.format(printable(user.username)))


async def _find(accounts: Accounts, username: str) -> User:
    """Return the user of this name; raises ``ConfigurationError``, which suggests similar names."""
    try:
        return await accounts.find_by_username(username)
    except UserNotFound as error:
        fault = f"There is no user {quoted(username)}"
        similar = " or ".join(map(quoted, await accounts.find_similar(username, limit=_SUGGESTIONS)))
        raise ConfigurationError(
            f"{fault}. Names must match exactly, in upper and lower case, too. Did you mean {similar}?"
            if similar
            else f"{fault}; users list shows all users."
        ) from error


def _act(settings: Settings, act: Callable[[Container], Awaitable[User]]) -> User:
    """Return the result of ``act`` on the stores of the service; raises ``ConfigurationError`` for invalid input."""

    async def run() -> User:
        async with opened_stores(settings) as container:
            return await act(container)

    try:
        return asyncio.run(run())
    except InvalidRequest as error:
        faults = "; ".join(f"The {each.field} {each.message}" for each in error.errors)
        raise ConfigurationError(f"{faults}.") from error


async def _list(settings: Settings, show: Callable[[User], str]) -> None:
    async with opened_stores(settings) as container:
        after = ""
        while page := await container.accounts().list_users(after=after, limit=_PAGE):
            print(*map(show, page), sep="\n", flush=True)
            after = page[-1].username


def _typed_password() -> str:
    """Return the password that is typed twice at a terminal, or the first line of another standard input.

    It is never read from an argument, which other users of the machine can see.
    """
    if not sys.stdin.isatty():
        return first_line()
    try:
        password, again = getpass.getpass("Password: "), getpass.getpass("Again: ")
    except UnicodeDecodeError as error:
        raise ConfigurationError("The password is not text in the encoding of this terminal.") from error
    if again != password:
        raise ConfigurationError("The two passwords differ; nothing was changed.")
    return password
