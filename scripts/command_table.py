"""Print the table of all commands for docs/commands.md, made from the parser.

Usage: .venv/bin/python -m scripts.command_table
"""

import argparse
from collections.abc import Iterator

from app.cli.command import Command, make_parser
from app.cli.declared import COMMANDS, GROUPS

_EVERYWHERE = ("[-h]", "[--json]")


def table() -> str:
    """Return the table in Markdown: a line for each command, with its arguments and what it does."""
    rows = [
        f"| `{usage}` | {parser.get_default('command').help} |"
        for parser in _leaves(make_parser(COMMANDS, GROUPS, as_json=False))
        for usage in [_usage(parser)]
    ]
    return "\n".join(["| Command | Does |", "|---|---|", *rows, ""])


def _leaves(parser: argparse.ArgumentParser) -> Iterator[argparse.ArgumentParser]:
    """Yield the parsers of the commands, without those of the groups."""
    groups = [each for each in parser._actions if isinstance(each, argparse._SubParsersAction)]  # noqa: SLF001  # as is
    if isinstance(parser.get_default("command"), Command):
        yield parser
    for group in groups:
        for each in group.choices.values():
            yield from _leaves(each)


def _usage(parser: argparse.ArgumentParser) -> str:
    """Return the usage of a command on one line, without the options that every command has."""
    parser.formatter_class = lambda prog: argparse.HelpFormatter(prog, width=10_000)
    words = parser.format_usage().removeprefix("usage: ").split()
    return " ".join(each for each in words if each not in _EVERYWHERE)


if __name__ == "__main__":
    print(table(), end="")
