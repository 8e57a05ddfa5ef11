"""The command line: one file for each group of commands."""

import argparse
import os
import sys
from collections.abc import Mapping, Sequence
from typing import Final

from ..domain.errors import ConfigurationError, StoreUnavailable
from . import database, keys, serve, users

_INTERRUPTED: Final = 130
"""What a shell makes of SIGINT."""


def main(arguments: Sequence[str] | None = None, environment: Mapping[str, str] = os.environ) -> int:
    """Run a command and return its exit status: 0, or 1 if it failed, with the fault on standard error."""
    parser = argparse.ArgumentParser(prog="keyturn", description="A token service: sign in, refresh, validate, revoke.")
    commands = parser.add_subparsers(title="commands", required=True, metavar="COMMAND")
    for group in (serve, users, keys, database):
        group.add_to(commands)
    parsed = parser.parse_args(arguments)
    try:
        parsed.run(parsed, environment)
    except (ConfigurationError, StoreUnavailable) as error:
        print(error, file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return _INTERRUPTED
    return 0
