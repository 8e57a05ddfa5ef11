"""Verifying bcrypt hashes, which imported users have until their next sign-in."""

import re
from typing import Final

import bcrypt

MOST_COST: Final = 14
"""About a second of a core; each step more doubles it."""

_HASH = re.compile(r"\$2[aby]\$(\d\d)\$[./A-Za-z0-9]{53}")
_MOST_BYTES: Final = 72


def is_hash(hashed: str) -> bool:
    """Tell whether ``hashed`` is a bcrypt hash of a cost that can be afforded."""
    match = _HASH.fullmatch(hashed)
    return match is not None and int(match[1]) <= MOST_COST


def matches(password: bytes, hashed: str) -> bool:
    """Tell whether ``hashed``, for which ``is_hash`` holds, is of ``password``. bcrypt never saw more than 72 bytes of
    the password that was hashed, whatever its length.
    """
    try:
        return bcrypt.checkpw(password[:_MOST_BYTES], hashed.encode())
    except ValueError:
        return False
