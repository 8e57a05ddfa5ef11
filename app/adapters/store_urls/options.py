"""The options after the ``?`` of a URL: those that work, and those that are known and do not."""

from collections.abc import Callable, Iterable, Mapping
from typing import Final

from .parts import WrongUrl

Parse = Callable[[str], str]
"""Returns the value of an option; raises ``WrongUrl``, whose message is the end of a sentence about it."""

_YES: Final = frozenset({"1", "true", "yes", "on"})
_NO: Final = frozenset({"0", "false", "no", "off"})
_MAX_NUMBER_LENGTH: Final = 6


def read_options(
    given: Iterable[tuple[str, str]], allowed: Mapping[str, Parse], refused: Mapping[str, str]
) -> dict[str, str]:
    """Return the values of options by name; raises ``WrongUrl``.

    ``refused`` has, for options that others know, what to do instead. An option that nobody knows is named by its
    place: it may be a piece of a password.
    """
    values: dict[str, str] = {}
    for number, (name, value) in enumerate(given, 1):
        if name in refused:
            raise WrongUrl(f"the option {name} cannot be set here: {refused[name]}")
        if name not in allowed:
            raise WrongUrl(f"option {number} after the ? is not known; the options are {', '.join(sorted(allowed))}")
        if name in values:
            raise WrongUrl(f"the option {name} is given twice")
        try:
            values[name] = allowed[name](value)
        except WrongUrl as error:
            raise WrongUrl(f"the option {name} {error}") from None
    return values


def text(value: str) -> str:
    """Return text that is printable and not empty."""
    if not value or not value.isprintable():
        raise WrongUrl("must be printable text, and not empty")
    return value


def secret(value: str) -> str:
    """Return text that is not empty."""
    if not value:
        raise WrongUrl("must not be empty")
    return value


def number(value: str) -> str:
    """Return a whole number of at most 6 digits."""
    if not value.isascii() or not value.isdecimal() or len(value) > _MAX_NUMBER_LENGTH:
        raise WrongUrl("must be a whole number, such as 0")
    return value


def yes_or_no(value: str) -> str:
    """Return ``1`` or ``0``."""
    if value.lower() not in _YES | _NO:
        raise WrongUrl("must be 1 or 0")
    return "1" if value.lower() in _YES else "0"


def one_of(*choices: str, why: str = "") -> Parse:
    """Return a parser of these words. ``why`` says why there are no others."""

    def parse(value: str) -> str:
        if value not in choices:
            words = choices[0] if len(choices) == 1 else f"one of {', '.join(choices)}"
            raise WrongUrl(f"must be {words}{why}")
        return value

    return parse
