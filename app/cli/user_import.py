"""``keyturn users import``: add users from another system, with their password hashes."""

import argparse
import asyncio
import json
import sys
from codecs import BOM_UTF8
from collections.abc import Callable, Iterable, Mapping
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..adapters import strict_json
from ..domain.errors import AlreadyExists, ConfigurationError, InvalidRequest
from ..domain.login.accounts import Accounts
from ..domain.login.user import User
from ..domain.scope import FORM, InvalidScope, Scope
from ..service.settings import Settings
from .stores import opened_stores
from .user_lines import as_json, as_text

if TYPE_CHECKING:
    from argparse import _SubParsersAction

_KNOWN = {"username": str, "password_hash": str, "scope": str, "disabled": bool}


def add_to(group: "_SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add the command to the group."""
    parser = group.add_parser(
        "import",
        help="add users whose passwords were hashed elsewhere",
        description="Adds a user for each line. A line is a JSON object with username and password_hash (Argon2id or"
        " bcrypt); scope and disabled are optional. Existing users do not change, so the same file can be imported"
        " again. Invalid lines are named on standard error and left out; the exit status is then 1.",
    )
    parser.add_argument("file", type=Path, nargs="?", help="file with the lines (default: standard input)")
    parser.add_argument("--json", action="store_true", help="print JSON, one object a line")
    parser.set_defaults(run=run_import)


def run_import(arguments: argparse.Namespace, environment: Mapping[str, str]) -> None:
    """Add the users of the lines and print them; raises ``ConfigurationError`` if lines were left out."""
    settings = Settings.from_environment(environment)
    with ExitStack() as cleanup:
        try:
            lines = sys.stdin.buffer if arguments.file is None else cleanup.enter_context(arguments.file.open("rb"))
        except OSError as error:
            raise ConfigurationError(f"{arguments.file} cannot be read: {error.strerror}.") from error
        left_out = asyncio.run(_import(settings, lines, as_json if arguments.json else as_text))
    if left_out:
        raise ConfigurationError("1 line was left out." if left_out == 1 else f"{left_out} lines were left out.")


async def _import(settings: Settings, lines: Iterable[bytes], show: Callable[[User], str]) -> int:
    """Add the users, and return how many lines were left out."""
    left_out = 0
    async with opened_stores(settings) as container:
        for number, line in enumerate(lines, start=1):
            text = line.removeprefix(BOM_UTF8) if number == 1 else line
            if not text.strip():
                continue
            try:
                user = await _import_line(container.accounts(), text, settings.default_scope)
            except AlreadyExists:
                print(f"Line {number}: this user exists already and is not changed", file=sys.stderr)
            except ConfigurationError as error:
                left_out += 1
                print(f"Line {number}: {error}", file=sys.stderr)
            else:
                print(show(user))
    return left_out


async def _import_line(accounts: Accounts, line: bytes, default_scope: Scope) -> User:
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
