"""The command line: one file for each group of commands."""

import argparse
import os
import sys
from collections.abc import Mapping, Sequence

from ..domain.errors import ConfigurationError
from . import keys, serve, users


def main(arguments: Sequence[str] | None = None, environment: Mapping[str, str] = os.environ) -> int:
    """Run a command and return its exit status: 0, or 1 if it failed, with the fault on standard error."""
    parser = argparse.ArgumentParser(prog="keyturn", description="A token service: sign in, refresh, validate, revoke.")
    commands = parser.add_subparsers(title="commands", required=True, metavar="COMMAND")
    for group in (serve, users, keys):
        group.add_to(commands)
    parsed = parser.parse_args(arguments)
    try:
        parsed.run(parsed, environment)
    except ConfigurationError as error:
        print(error, file=sys.stderr)
        return 1
    return 0
