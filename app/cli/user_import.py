"""``keyturn users import``: add users from another system, with their password hashes."""

import json
from codecs import BOM_UTF8
from collections.abc import Awaitable, Callable, Iterable
from contextlib import ExitStack
from functools import partial
from pathlib import Path
from typing import Any

from ..adapters import strict_json
from ..domain.errors import AlreadyExists, ConfigurationError, InvalidRequest
from ..domain.login.accounts import Accounts
from ..domain.login.user import User
from ..domain.scope import FORM, InvalidScope, Scope
from .arguments import standard_input
from .call import Call
from .stores import opened_stores
from .user_lines import as_text, describe

_KNOWN = {"username": str, "password_hash": str, "scope": str, "disabled": bool}


async def import_users(call: Call, file: Path | None) -> None:
    """Add the users of the lines and show them; raises ``ConfigurationError`` if lines were left out."""
    default_scope = call.settings.default_scope
    if file is None and standard_input().isatty():
        call.output.note_at_terminal("Reading from standard input …")
    with ExitStack() as cleanup:
        try:
            lines = standard_input().buffer if file is None else cleanup.enter_context(file.open("rb"))
        except OSError as error:
            raise ConfigurationError(f"{file} cannot be read: {error.strerror}.") from error
        async with opened_stores(call.settings, may_create=call.may_create) as container:
            left_out = await _import(call, lines, partial(_import_line, container.accounts(), default_scope))
    if left_out:
        raise ConfigurationError("1 line was left out." if left_out == 1 else f"{left_out} lines were left out.")


async def _import(call: Call, lines: Iterable[bytes], add: Callable[[bytes], Awaitable[User]]) -> int:
    """Add the users, and return how many lines were left out."""
    left_out = 0
    for number, line in enumerate(lines, start=1):
        text = line.removeprefix(BOM_UTF8)  # each of several files that were put together may begin with one
        if not text.strip():
            continue
        try:
            user = await add(text)
        except AlreadyExists:
            _report(call, number, "this user exists already and is not changed")
        except ConfigurationError as error:
            left_out += 1
            _report(call, number, str(error))
        else:
            call.show(describe(user), as_text(user))
            call.output.flush()
    return left_out


def _report(call: Call, number: int, fault: str) -> None:
    call.output.report(fault if call.output.as_json else f"Line {number}: {fault}", line=number)


async def _import_line(accounts: Accounts, default_scope: Scope, line: bytes) -> User:
    """Return the user that was added; raises ``AlreadyExists``, and ``ConfigurationError`` for an invalid line."""
    members = _members(line)
    try:
        return await accounts.import_user(
            members["username"],
            members["password_hash"],
            scope=Scope.parse(members["scope"]) if "scope" in members else default_scope,
            disabled=members.get("disabled", False),
        )
    except InvalidRequest as error:
        raise ConfigurationError("; ".join(f"{each.field} {each.message}" for each in error.errors)) from error
    except InvalidScope as error:
        raise ConfigurationError(f"scope must be {FORM}") from error


def _members(line: bytes) -> dict[str, Any]:
    try:
        members = strict_json.loads(line)
    except ValueError as error:
        raise ConfigurationError("this is not JSON in UTF-8") from error
    if not isinstance(members, dict) or not {"username", "password_hash"} <= members.keys():
        raise ConfigurationError("this is not an object with username and password_hash")
    for name, value in members.items():
        if name not in _KNOWN or type(value) is not _KNOWN[name]:
            raise ConfigurationError(f"the member {json.dumps(name)} is not known, or of another type")
    return members
