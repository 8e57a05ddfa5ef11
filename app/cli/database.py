"""``keyturn database``: prepare the stores."""

import argparse
import asyncio
from collections.abc import Mapping
from typing import TYPE_CHECKING

from ..service.application import prepare_stores
from ..service.settings import Settings

if TYPE_CHECKING:
    from argparse import _SubParsersAction


def add_to(commands: "_SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add the commands to the parser."""
    group = commands.add_parser("database", help="upgrade the stores").add_subparsers(required=True, metavar="COMMAND")
    upgrade = group.add_parser(
        "upgrade",
        help="upgrade the stores to the schema of this program",
        description="Creates or upgrades the schema of KEYTURN_DATABASE_URL and KEYTURN_SESSION_URL, and checks their"
        " configuration, as each start of the service does. Of several commands at once, one does the upgrade.",
    )
    upgrade.set_defaults(run=run_upgrade)


def run_upgrade(_: argparse.Namespace, environment: Mapping[str, str]) -> None:
    """Prepare the stores, and print a confirmation."""
    asyncio.run(prepare_stores(Settings.from_environment(environment)))
    print("The stores have the schema of this program, and can be used.")
