"""Audiences: the services that accept a token (RFC 7519 §4.1.3), and how a request chooses among them (RFC 8707)."""

from collections.abc import Sequence
from typing import Final

from .errors import KeyturnError

MAX_AUDIENCES: Final = 20
"""The most audiences of a token, and the most that a request names."""


class InvalidTarget(KeyturnError):
    """The grant gives no token for a requested resource or audience (RFC 8707 §2)."""

    code = "invalid_target"
    description = "The client may not get a token for this resource or audience."


def chosen(targets: Sequence[str], *, among: tuple[str, ...]) -> tuple[str, ...]:
    """Return the audiences that ``targets`` names, each once; all ``among`` which it may choose, if it names none.

    Raises ``InvalidTarget`` if one is not among them.
    """
    if not targets:
        return among
    if not set(targets) <= set(among):
        raise InvalidTarget
    return tuple(dict.fromkeys(targets))


def as_claim(audience: tuple[str, ...]) -> str | list[str]:
    """Return the value of ``aud``: a string for one audience, and an array for several (RFC 7519 §4.1.3)."""
    return audience[0] if len(audience) == 1 else list(audience)
