"""Stored values that cannot be read. They count as absent, so that one of them stops nothing else."""

import logging
from typing import Final

_LOG: Final = logging.getLogger("keyturn.stores")


def log_unreadable(kind: str, name: str, error: Exception) -> None:
    """Log that a stored value cannot be read. The value and the text of the error are not logged."""
    fields = {"kind": kind, "name": name, "error": type(error).__name__}
    _LOG.error("a stored value cannot be read, and counts as absent", extra={"fields": fields})
