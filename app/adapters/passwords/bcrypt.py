"""Verify bcrypt hashes, which imported users may have until their next sign-in."""

import re
from typing import Final

import bcrypt

MAX_COST: Final = 14
"""The highest accepted cost. A verification then takes about a second of a core; each further step doubles it."""

_HASH = re.compile(r"\$2[aby]\$(\d\d)\$[./A-Za-z0-9]{53}")
_MAX_BYTES: Final = 72


def is_hash(hashed: str) -> bool:
    """Return whether ``hashed`` is a bcrypt hash whose cost is within the limit."""
    match = _HASH.fullmatch(hashed)
    return match is not None and int(match[1]) <= MAX_COST


def matches(password: bytes, hashed: str) -> bool:
    """Return whether ``hashed`` is the hash of ``password``. ``is_hash`` must be true for it. bcrypt uses only the
    first 72 bytes of a password.
    """
    try:
        return bcrypt.checkpw(password[:_MAX_BYTES], hashed.encode())
    except ValueError:
        return False
