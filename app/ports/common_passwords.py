"""Passwords that are too common to be used."""

from typing import Protocol


class CommonPasswords(Protocol):
    """A list of passwords that nobody may choose (NIST SP 800-63B §3.1.1.2)."""

    def __contains__(self, password: str) -> bool:
        """Return whether ``password`` is on the list, in upper or lower case."""
        ...
