"""Argon2id hashes as PHC strings. Another program may have made them, so they are judged before they are verified."""

import re
from base64 import b64decode, b64encode
from binascii import Error
from typing import Final

_HASH: Final = re.compile(
    r"\$argon2id\$v=19\$m=([0-9]{1,10}),t=([0-9]{1,10}),p=([0-9]{1,10})\$([A-Za-z0-9+/]+)\$([A-Za-z0-9+/]+)"
)
_MAX_LANES: Final = 64
_MIN_MEMORY: Final = 8
"""KiB for each lane (RFC 9106 §3.1)."""

_MIN_SALT: Final = 8
_MIN_DIGEST: Final = 16
_MAX_BYTES: Final = 64
"""The lengths of a salt and of a hash in bytes. A shorter hash would match too many passwords."""


def find_fault(hashed: str, *, max_memory: int, max_iterations: int) -> str | None:
    """Return why ``hashed`` can match no password, or what it costs too much; ``None`` if it can be verified.

    The text begins with a verb. ``max_memory`` is in KiB.
    """
    match = _HASH.fullmatch(hashed)
    if match is None:
        return "must have the form $argon2id$v=19$m=19456,t=2,p=1$SALT$HASH"
    memory, iterations, lanes = map(int, match.groups()[:3])
    if not 1 <= lanes <= _MAX_LANES:
        return f"has p={lanes}; it must be from 1 to {_MAX_LANES}"
    if not _MIN_MEMORY * lanes <= memory <= max_memory:
        return f"has m={memory}; it must be from {_MIN_MEMORY * lanes} to {max_memory} KiB"
    if not 1 <= iterations <= max_iterations:
        return f"has t={iterations}; it must be from 1 to {max_iterations}"
    for name, text, shortest in (("salt", match[4], _MIN_SALT), ("hash", match[5], _MIN_DIGEST)):
        if not shortest <= _length(text) <= _MAX_BYTES:
            return f"has a {name} that is not base64 of {shortest} to {_MAX_BYTES} bytes"
    return None


def count_lanes(hashed: str) -> int:
    """Return the number of lanes of a hash in the right form; 1 for any other text."""
    match = _HASH.fullmatch(hashed)
    return 1 if match is None else int(match[3])


def _length(text: str) -> int:
    """Return how many bytes ``text`` encodes in base64 without padding, or 0 if no encoder would write it like this."""
    try:
        decoded = b64decode(text + "=" * (-len(text) % 4))
    except Error:
        return 0
    return len(decoded) if b64encode(decoded).decode().rstrip("=") == text else 0
