"""The identifiers of subjects, clients and sessions, and the rule for new names."""

import re
from collections.abc import Callable, Mapping
from typing import Final, NewType
from unicodedata import category
from unicodedata import name as unicode_name

from . import base64url

Subject = NewType("Subject", str)
"""The ``sub`` claim: a user's random id (22 characters), or the client id of a client acting for itself."""

ClientId = NewType("ClientId", str)
"""The ``client_id`` of RFC 6749 §2.2."""

SessionId = NewType("SessionId", bytes)
"""16 random bytes; the ``sid`` claim is their unpadded base64url."""

SESSION_ID_BYTES: Final = 16

FIRST_PARTY: Final = ClientId("first-party")
"""The built-in public client to which sessions opened at ``/auth/login`` belong."""


_REFUSED: Final[Mapping[str, str]] = {
    "Cc": "a control character; leave it out",
    "Cf": "an invisible format character; leave it out",
    "Cn": "not a character of this version of Unicode; use another",
    "Co": "a character for private use; use another",
    "Cs": "half of a surrogate pair; send text in UTF-8",
    "Zl": "a line separator; leave it out",
    "Zp": "a paragraph separator; leave it out",
    "Zs": "a space other than U+0020; use an ordinary space",
}
"""What is wrong with a character of each refused category of Unicode, and what to change."""

_INVISIBLE: Final = frozenset(
    {
        "\u034f",  # combining grapheme joiner
        *"\u115f\u1160\u3164\uffa0",  # Hangul fillers
        *"\u17b4\u17b5",  # inherent vowels of Khmer
        *"\u180b\u180c\u180d\u180f",  # Mongolian variation selectors
        "\u2800",  # the blank Braille pattern
        *map(chr, range(0xFE00, 0xFE10)),  # variation selectors
        *map(chr, range(0xE0100, 0xE01F0)),  # more variation selectors
    }
)
"""Letters, marks and signs that show nothing. Most of them are Default_Ignorable_Code_Point (UAX #44)."""


_IS_PLAIN_NAME: Final = re.compile(r"[!-~]*[!-\-/-~][!-~]*").fullmatch
"""Whether a name has only visible ASCII, and something else than full stops. Most names do: they are judged at once."""


def name_fault(name: str) -> str | None:
    """Return what is wrong with a new username or client id, and what to change; ``None`` if nothing is.

    Two names should not look the same, and a name should not break a line, a path or a terminal. So space at the ends,
    separators, invisible and unassigned characters, ``.`` and ``..`` are refused (RFC 8264 §9, RFC 3986 §5.2.4).
    Positions count from 1. Names that exist already are not judged.
    """
    if _IS_PLAIN_NAME(name):
        return None
    if name in (".", ".."):
        return "must not be . or .., which paths take for folders; choose another"
    for position, character in enumerate(name, start=1):
        fault = "an invisible character; leave it out" if character in _INVISIBLE else None
        if fault := fault or _REFUSED.get("" if character == " " else category(character)):
            return f"must not have {describe_character(character)} at position {position}, {fault}"
    if name.strip(" ") != name:
        place = 1 if name.startswith(" ") else len(name)
        return (
            f"must not have {describe_character(' ')} at position {place}; remove spaces at the beginning and the end"
        )
    return None


def describe_character(character: str) -> str:
    """Return the code point of a character and its Unicode name, such as ``U+00E9 (LATIN SMALL LETTER E WITH ACUTE)``.

    The text has ASCII characters only. Control characters have no name.
    """
    found = unicode_name(character, "")
    return f"U+{ord(character):04X}" + (f" ({found})" if found else "")


format_session_id: Final[Callable[[SessionId], str]] = base64url.encode
"""Return the ``sid`` claim of a session (22 characters)."""


def parse_session_id(text: str) -> SessionId:
    """Return the session id in a ``sid`` claim; raises ``ValueError`` if ``text`` is not a session id."""
    raw = base64url.decode(text)
    if len(raw) != SESSION_ID_BYTES:
        raise ValueError("a session id has 16 bytes")
    return SessionId(raw)
