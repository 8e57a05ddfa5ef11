"""The folders of the temporary files that several workers need. One worker needs none."""

import os
from tempfile import TemporaryFile, gettempdir
from typing import Final

from ...domain.errors import ConfigurationError
from ..settings import Settings

_MEMORY: Final = "/dev/shm"  # noqa: S108  # gunicorn makes new, unnamed files there


def heartbeat_folder() -> str | None:
    """Return the folder of the files by which workers show that they live: one in memory, or ``None`` if there is none.
    Then it is the one that ``TMPDIR`` names.
    """
    return _MEMORY if os.access(_MEMORY, os.W_OK) else None


def check_temporary_folder(settings: Settings) -> None:
    """Raise ``ConfigurationError`` if the workers need a folder for temporary files and none can be written."""
    needs = "metrics of several workers" if settings.metrics_port is not None else "several workers"
    try:
        folder = gettempdir() if settings.metrics_port is not None else heartbeat_folder() or gettempdir()
        with TemporaryFile(dir=folder):
            pass
    except OSError as error:
        raise ConfigurationError(
            f"KEYTURN_WORKERS: {needs} need a folder for temporary files, and none can be written. Set TMPDIR to one"
            " that this user can write to, such as a small volume in memory, or set KEYTURN_WORKERS to 1."
        ) from error
