"""A check, and what it finds."""

from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from enum import StrEnum

from .examination import Examination


class Level(StrEnum):
    """How grave a finding is. With a ``FAULT``, the service does not start, or does not serve its clients."""

    OK = "ok"
    SKIPPED = "skipped"
    WARNING = "warning"
    FAULT = "fault"


@dataclass(frozen=True, slots=True)
class Result:
    """What a check says: a level, and a sentence without a secret. A sentence on a problem says what to change."""

    level: Level
    text: str


@dataclass(frozen=True, slots=True)
class Finding(Result):
    """A result, and the name of the check."""

    check: str


@dataclass(frozen=True, slots=True)
class Check:
    """One subject to look at.

    ``look`` yields results, and raises the error that the start raises: ``ConfigurationError`` or ``StoreUnavailable``.
    What it logs as a warning or an error is a warning. ``needs`` names the settings without which there is nothing to
    look at.
    """

    name: str
    look: Callable[[Examination], AsyncIterator[Result]]
    needs: tuple[str, ...] = ()


def ok(text: str) -> Result:
    """Return a result without a problem."""
    return Result(Level.OK, text)


def skipped(text: str) -> Result:
    """Return the reason why nothing was checked."""
    return Result(Level.SKIPPED, text)


def warning(text: str) -> Result:
    """Return a problem with which the service starts and serves."""
    return Result(Level.WARNING, text)


def fault(text: str) -> Result:
    """Return a problem with which the service does not start, or does not serve its clients."""
    return Result(Level.FAULT, text)
