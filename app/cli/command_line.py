"""Parse the arguments and run the command that they name."""

import argparse
import os
import sys
from collections.abc import Mapping, Sequence
from typing import Final

from ..domain.errors import ConfigurationError, StoreUnavailable
from . import clients, database, keys, serve, sessions, users
from .arguments import escape_hyphen, escape_unencodable

_INTERRUPTED: Final = 130
"""The exit status that a shell gives a program that SIGINT ended."""


def main(arguments: Sequence[str] | None = None, environment: Mapping[str, str] = os.environ) -> int:
    """Run a command and return its exit status: 0, or 1 if it failed. A failure is printed on standard error."""
    parser = argparse.ArgumentParser(prog="keyturn", description="A token service: sign in, refresh, validate, revoke.")
    commands = parser.add_subparsers(title="commands", required=True, metavar="COMMAND")
    for group in (serve, users, sessions, clients, keys, database):
        group.add_to(commands)
    escape_unencodable(sys.stdout)
    parsed = parser.parse_args([escape_hyphen(each) for each in (sys.argv[1:] if arguments is None else arguments)])
    try:
        parsed.run(parsed, environment)
    except (ConfigurationError, StoreUnavailable) as error:
        print(error, file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return _INTERRUPTED
    return 0
