"""The command line: one file for each group of commands."""

import argparse
import os
import re
import sys
from collections.abc import Mapping, Sequence
from typing import Final

from ..domain.errors import ConfigurationError, StoreUnavailable
from . import database, keys, serve, sessions, users

_HYPHEN_AND_ID: Final = re.compile(r"-[A-Za-z0-9_-]{21}(?:[A-Za-z0-9_-]{21})?")
_INTERRUPTED: Final = 130
"""What a shell makes of SIGINT."""


def main(arguments: Sequence[str] | None = None, environment: Mapping[str, str] = os.environ) -> int:
    """Run a command and return its exit status: 0, or 1 if it failed, with the fault on standard error."""
    parser = argparse.ArgumentParser(prog="keyturn", description="A token service: sign in, refresh, validate, revoke.")
    commands = parser.add_subparsers(title="commands", required=True, metavar="COMMAND")
    for group in (serve, users, sessions, keys, database):
        group.add_to(commands)
    parsed = parser.parse_args([_as_value(each) for each in (sys.argv[1:] if arguments is None else arguments)])
    try:
        parsed.run(parsed, environment)
    except (ConfigurationError, StoreUnavailable) as error:
        print(error, file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return _INTERRUPTED
    return 0


def _as_value(argument: str) -> str:
    """Return the id of a key or a session such that a hyphen at its beginning makes no option of it: behind a space, to
    be stripped.
    """
    return f" {argument}" if _HYPHEN_AND_ID.fullmatch(argument) else argument
