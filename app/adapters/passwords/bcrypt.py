"""Verify bcrypt hashes, which imported users may have until their next sign-in."""

import re
from typing import Final

import bcrypt

_MIN_COST: Final = 4
_MAX_COST: Final = 14
"""The highest accepted cost. A verification then takes about a second of a core; each further step doubles it."""

_HASH: Final = re.compile(r"\$2[aby]\$([0-9]{2})\$[./A-Za-z0-9]{21}([./A-Za-z0-9])[./A-Za-z0-9]{30}([./A-Za-z0-9])")
_ALPHABET: Final = "./ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"
_SALT_ENDS: Final = _ALPHABET[::16]
"""The last characters of a salt. 22 characters have 132 bits, and the last 4 bits belong to no byte."""

_DIGEST_ENDS: Final = _ALPHABET[::4]
"""The last characters of a hash. 31 characters have 186 bits, and the last 2 bits belong to no byte."""

_MAX_BYTES: Final = 72


def find_fault(hashed: str) -> str | None:
    """Return why ``hashed`` can match no password, or what it costs too much; ``None`` if it can be verified. The text
    begins with a verb.
    """
    match = _HASH.fullmatch(hashed)
    if match is None:
        return "must have the form $2b$10$ and 53 characters (or $2a$, $2y$)"
    if not _MIN_COST <= int(match[1]) <= _MAX_COST:
        return f"has the cost {int(match[1])}; it must be from {_MIN_COST} to {_MAX_COST}"
    if match[2] not in _SALT_ENDS or match[3] not in _DIGEST_ENDS:
        return "ends its salt or its hash with bits that bcrypt does not write, so no password matches"
    return None


def matches(password: bytes, hashed: str) -> bool:
    """Return whether ``hashed`` is the hash of ``password``. ``find_fault`` must be ``None`` for it. bcrypt uses only
    the first 72 bytes of a password.
    """
    return bcrypt.checkpw(password[:_MAX_BYTES], hashed.encode())
