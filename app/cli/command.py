"""The declaration of a command, and the parser that is made of the declarations. Nothing here imports a command."""

import argparse
import json
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from importlib import import_module
from typing import Any, Final, NoReturn

from .. import VERSION

JSON: Final = "--json"
_USAGE: Final = 2
"""The exit status of a command line that names no command, or leaves out an argument."""


@dataclass(frozen=True)
class Argument:
    """An argument or option: its names, and what ``ArgumentParser.add_argument`` takes with them."""

    names: Sequence[str]
    options: Mapping[str, Any]


def argument(*names: str, **options: Any) -> Argument:
    """Return the declaration of an argument or option."""
    return Argument(names, options)


@dataclass(frozen=True)
class Command:
    """A command: its name, such as ``users add``, and the function that does it, such as ``users:add``.

    The function takes the ``Call`` and the arguments by name. Its module is imported only when the command runs.
    """

    name: str
    act: str
    help: str
    arguments: Sequence[Argument] = ()
    description: str = ""
    """What ``--help`` of the command says. Without it, that is ``help``."""

    creates: bool = False
    """Whether it may make a SQLite database that does not exist: only a command that adds something does."""

    epilog: str = ""
    """The function that returns the text below the options, such as ``settings_help:settings_help``."""


def load(name: str) -> Callable[..., Any]:
    """Return the function that ``module:function`` names in this package."""
    module, _, function = name.partition(":")
    found: Callable[..., Any] = getattr(import_module(f".{module}", __package__), function)
    return found


class CommandParser(argparse.ArgumentParser):
    """A parser of one command or of a group. It takes no abbreviations. With ``as_json`` its errors are JSON."""

    def __init__(self, *, as_json: bool = False, epilog: str = "", **options: Any) -> None:
        layout = argparse.RawDescriptionHelpFormatter if epilog else argparse.HelpFormatter
        super().__init__(allow_abbrev=False, formatter_class=layout, **options)
        self._as_json = as_json
        self._late_epilog = epilog

    def format_help(self) -> str:
        """Return the help, with an epilog that is made only now."""
        self.epilog = load(self._late_epilog)() if self._late_epilog else None
        return super().format_help()

    def _print_message(self, message: str, file: Any = None) -> None:
        """Print the help or a fault. Unlike the base class, raise ``OSError`` if that is not possible."""
        print(message, end="", file=file or sys.stderr)

    def _check_value(self, action: argparse.Action, value: Any) -> None:
        """Refuse what is no choice, such as an unknown command, and name the choice that is like it."""
        try:
            super()._check_value(action, value)
        except argparse.ArgumentError as error:
            from difflib import get_close_matches  # noqa: PLC0415  # only a fault needs it

            if near := get_close_matches(str(value), list(map(str, action.choices or ())), n=1):
                error.message += f". Did you mean {near[0]}?"
            raise

    def error(self, message: str) -> NoReturn:
        """Print the fault and raise ``SystemExit``."""
        if self._as_json:
            self.exit(_USAGE, json.dumps({"error": f"{self.prog}: {message}"}) + "\n")
        super().error(message)


def make_parser(commands: Sequence[Command], groups: Mapping[str, str], *, as_json: bool) -> CommandParser:
    """Return the parser of all commands; ``groups`` has the help of each group, such as ``users``.

    What it parses has the ``command``, beside its arguments.
    """
    parser = CommandParser(
        prog="keyturn", description="A token service: sign in, refresh, validate, revoke.", as_json=as_json
    )
    version = json.dumps({"version": VERSION}) if as_json else f"keyturn {VERSION}"
    parser.add_argument("--version", action="version", version=version, help="print the version")
    _add_json(parser)
    added = parser.add_subparsers(title="commands", required=True, metavar="COMMAND")
    made: dict[str, Any] = {"": added}
    for command in commands:
        group, _, name = command.name.rpartition(" ")
        if group not in made:
            about = added.add_parser(group, help=groups[group], description=groups[group], as_json=as_json)
            made[group] = about.add_subparsers(title="commands", required=True, metavar="COMMAND")
        _add(command, name, made[group], as_json=as_json)
    return parser


def _add(command: Command, name: str, group: Any, *, as_json: bool) -> None:
    parser = group.add_parser(
        name,
        help=command.help,
        description=command.description or command.help,
        epilog=command.epilog,
        as_json=as_json,
    )
    for each in command.arguments:
        shown = {} if each.names[0].startswith("-") else {"metavar": each.names[0].upper()}
        parser.add_argument(*each.names, **shown, **each.options)
    _add_json(parser)
    parser.set_defaults(command=command)


def _add_json(parser: CommandParser) -> None:
    """Add the option, which ``main`` has read before: it decides how errors of this parser are printed."""
    about = "print results and errors as JSON, one object a line"
    parser.add_argument(JSON, action="store_true", default=argparse.SUPPRESS, help=about)
