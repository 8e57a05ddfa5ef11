"""Stored values that cannot be read. They count as absent, so that one of them stops nothing else."""

import logging
from collections.abc import Callable
from typing import Final, TypeVar

from ..domain.scope import InvalidScope

_T = TypeVar("_T")

_LOG: Final = logging.getLogger("keyturn.stores")


def log_unreadable(kind: str, name: str, error: Exception) -> None:
    """Log that a stored value cannot be read. The value and the text of the error are not logged."""
    fields = {"kind": kind, "name": name, "error": type(error).__name__}
    _LOG.error("a stored value cannot be read, and counts as absent", extra={"fields": fields})


def readable(kind: str, name: str, read: Callable[[], _T]) -> _T | None:
    """Return what ``read`` returns; ``None`` if it finds that the stored value cannot be read, which is logged."""
    try:
        return read()
    except (AttributeError, LookupError, RecursionError, TypeError, ValueError, InvalidScope) as error:
        log_unreadable(kind, name, error)
        return None
