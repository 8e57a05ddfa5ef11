"""The files that hold secrets: who can read them."""

from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import fields
from pathlib import Path
from typing import Final

from .settings import Settings

_EVERYBODY: Final = 0o007


def exposed_secret_files(environment: Mapping[str, str]) -> Iterator[str]:
    """Yield a sentence for each file of a ``_FILE`` variable that every user of the machine can access.

    Access by the group is not named: the systems that hand secrets to a service as files often use it.
    """
    for name in sorted(f"{each.metadata['name']}_FILE" for each in fields(Settings) if each.metadata["secret"]):
        if name in environment:
            with suppress(OSError):
                if Path(environment[name]).stat().st_mode & _EVERYBODY:
                    yield (
                        f"{name}: every user of this machine can access {environment[name]}; run: chmod 600"
                        f" {environment[name]}"
                    )
