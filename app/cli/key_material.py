"""``keyturn keys generate`` and ``keyturn keys encryption-key``: make keys, without a running service or a store."""

import argparse
import json
import secrets
import time
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from ..adapters.keys.directory import create_key_file, has_keys
from ..domain import base64url
from ..domain.keys.signing_key import ALWAYS
from ..service.settings import Settings
from ..service.settings.forms import ENCRYPTION_KEY_BYTES

if TYPE_CHECKING:
    from argparse import _SubParsersAction


def add_to(group: "_SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add the commands to the group."""
    generate = group.add_parser(
        "generate",
        help="make a key in a directory",
        description="Makes an RSA key that only you can read, for KEYTURN_KEYS_DIR. The first key of a directory signs"
        " at once. A further key is published first, and signs when every verifier can have fetched it."
        " KEYTURN_KEY_SIZE and KEYTURN_KEY_PASSPHRASE apply: run it in the environment of the service.",
    )
    generate.add_argument("directory", type=Path, help="directory of the key; created if it does not exist")
    generate.set_defaults(run=run_generate)
    encryption_key = group.add_parser("encryption-key", help="print a new KEYTURN_KEY_ENCRYPTION_KEY")
    encryption_key.add_argument("--json", action="store_true", help="print JSON")
    encryption_key.set_defaults(run=run_encryption_key)


def run_generate(arguments: argparse.Namespace, environment: Mapping[str, str]) -> None:
    """Make a key, and print when it starts to sign."""
    settings = Settings.from_environment(environment)
    directory: Path = arguments.directory
    activates_at = float(int(time.time()) + settings.key_policy.lead()) if has_keys(directory) else ALWAYS
    path = create_key_file(
        directory, bits=settings.key_size, passphrase=settings.key_passphrase, activates_at=activates_at
    )
    start = "signs from now on" if activates_at == ALWAYS else f"signs from {_text(activates_at)} on"
    print(f"{path} {start}. Use it with KEYTURN_KEYS_DIR={directory}")


def run_encryption_key(arguments: argparse.Namespace, _: Mapping[str, str]) -> None:
    """Print a new key for ``KEYTURN_KEY_ENCRYPTION_KEY``."""
    key = base64url.encode(secrets.token_bytes(ENCRYPTION_KEY_BYTES))
    print(json.dumps({"key": key}) if arguments.json else key)


def _text(moment: float) -> str:
    return datetime.fromtimestamp(moment, UTC).isoformat()
