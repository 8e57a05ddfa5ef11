"""``keyturn users``: add, list and change users."""

import getpass
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Final

from ..domain.errors import AlreadyExists, ConfigurationError, InvalidRequest
from ..domain.identifiers import Subject
from ..domain.login.accounts import Accounts
from ..domain.login.errors import UserNotFound
from ..domain.login.user import User
from ..domain.scope import FORM, InvalidScope, Scope
from ..service.container import Container
from .arguments import confirmed, first_line, standard_input
from .call import Call
from .stores import opened_stores
from .user_lines import as_text, describe, printable, quoted

_PAGE: Final = 1_000
_SUGGESTIONS: Final = 3


async def add(call: Call, username: str, scope: str | None) -> None:
    """Add a user and show them."""
    granted = call.settings.default_scope if scope is None else _scope(scope)
    password = _typed_password()
    try:
        async with _opened(call) as container:
            user = await container.accounts().create(username, password, scope=granted)
    except AlreadyExists as error:
        raise ConfigurationError(f"There is a user {quoted(username)} already.") from error
    call.show(describe(user), f"Added {printable(user.username)}, whose id (sub) is {user.subject}.")


async def list_all(call: Call) -> None:
    """Show all users, in the order of their names."""
    async with opened_stores(call.settings, may_create=call.may_create) as container:
        after = ""
        while (page := await container.accounts().list_users(after=after, limit=_PAGE)) and not call.output.closed:
            for user in page:
                call.show(describe(user), as_text(user))
            call.output.flush()
            after = page[-1].username
        if not after:
            call.output.note_at_terminal("No users.")


async def disable(call: Call, username: str) -> None:
    """Disable a user."""
    async with _opened(call) as container:
        user = await container.administration().disable(await _subject(container, username))
    call.show(describe(user), f"Disabled {printable(user.username)}; all their sessions have ended.")


async def enable(call: Call, username: str) -> None:
    """Enable a user."""
    async with _opened(call) as container:
        user = await container.administration().enable(await _subject(container, username))
    call.show(describe(user), f"Enabled {printable(user.username)}.")


async def set_password(call: Call, username: str) -> None:
    """Set the password of a user."""
    password = _typed_password()
    async with _opened(call) as container:
        user = await container.administration().set_password(await _subject(container, username), password)
    call.show(describe(user), f"Set the password of {printable(user.username)}; all their sessions have ended.")


async def set_scope(call: Call, username: str, scope: str) -> None:
    """Set the scope of a user."""
    granted = _scope(scope)
    async with _opened(call) as container:
        user = await container.administration().set_scope(await _subject(container, username), granted)
    text = f"Set the scope of {printable(user.username)} to {granted.text!r}; all their sessions have ended."
    call.show(describe(user), text)


async def delete(call: Call, username: str, *, yes: bool) -> None:
    """Delete a user, after all their sessions. At a terminal, ask before, because nobody can undo it."""
    async with _opened(call) as container:
        subject = await _subject(container, username)
        if not yes and not confirmed(f"Delete {printable(username)} and end their sessions? [y/N] "):
            raise ConfigurationError("Nothing was deleted.")
        user = await container.administration().delete(subject)
    shown = f"{printable(user.username)}, whose id (sub) was {user.subject}"
    call.show({"deleted": user.subject, "username": user.username}, f"Deleted {shown}; all their sessions have ended.")


async def find(accounts: Accounts, username: str) -> User:
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


async def _subject(container: Container, username: str) -> Subject:
    return (await find(container.accounts(), username)).subject


@asynccontextmanager
async def _opened(call: Call) -> AsyncIterator[Container]:
    """Yield a container with open stores; raises ``ConfigurationError`` for what the domain finds invalid."""
    try:
        async with opened_stores(call.settings, may_create=call.may_create) as container:
            yield container
    except InvalidRequest as error:
        faults = "; ".join(f"The {each.field} {each.message}" for each in error.errors)
        raise ConfigurationError(f"{faults}.") from error


def _scope(text: str) -> Scope:
    try:
        return Scope.parse(text)
    except InvalidScope as error:
        raise ConfigurationError(f"The scope must be {FORM} (RFC 6749 §3.3).") from error


def _typed_password() -> str:
    """Return the password that is typed twice at a terminal, or the first line of another standard input.

    It is never read from an argument, which other users of the machine can see.
    """
    if not standard_input().isatty():
        return first_line()
    try:
        password, again = getpass.getpass("Password: "), getpass.getpass("Again: ")
    except UnicodeDecodeError as error:
        raise ConfigurationError("The password is not text in the encoding of this terminal.") from error
    if again != password:
        raise ConfigurationError("The two passwords differ; nothing was changed.")
    return password
