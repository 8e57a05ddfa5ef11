"""Passwords that are too common to be used."""

from typing import Protocol


class CommonPasswords(Protocol):
    """A blocklist (NIST SP 800-63B §3.1.1.2)."""

    def __contains__(self, password: str) -> bool:
        """Tell whether ``password``, in whatever case, is on the list."""
        ...
