"""``keyturn keys``."""

import argparse
import time
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from ..adapters.keys.directory import create_key_file, has_keys
from ..settings import Settings

if TYPE_CHECKING:
    from argparse import _SubParsersAction


def add_to(commands: "_SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add the commands to the parser."""
    group = commands.add_parser("keys", help="make signing keys").add_subparsers(required=True, metavar="COMMAND")
    generate = group.add_parser(
        "generate",
        help="make a key in a directory",
        description="Makes an RSA key that only you can read, for KEYTURN_KEYS_DIR. The first key of a directory signs"
        " at once; a further one is published first, and signs once every verifier can have fetched it"
        " (KEYTURN_JWKS_MAX_AGE + KEYTURN_CLOCK_LEEWAY). Restart the service for it to see the new key."
        " KEYTURN_KEY_SIZE and KEYTURN_KEY_PASSPHRASE apply: run it in the environment of the service.",
    )
    generate.add_argument("directory", type=Path, help="where the key goes; made if it is not there")
    generate.set_defaults(run=run_generate)


def run_generate(arguments: argparse.Namespace, environment: Mapping[str, str]) -> None:
    """Make a key and say from when it signs."""
    settings = Settings.from_environment(environment)
    directory: Path = arguments.directory
    lead = settings.jwks_max_age + settings.clock_leeway if has_keys(directory) else 0
    activates_at = int(time.time()) + lead
    path = create_key_file(
        directory, bits=settings.key_size, passphrase=settings.key_passphrase, activates_at=activates_at
    )
    moment = datetime.fromtimestamp(activates_at, UTC).isoformat()
    print(f"{path} signs from {moment} on. Use it with KEYTURN_KEYS_DIR={directory}")
