"""Usernames and passwords: the form in which they are compared, and which new ones are taken."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final
from unicodedata import category, normalize

from ..errors import FieldError
from .user import MAX_PASSWORD_LENGTH, MAX_USERNAME_LENGTH

_CONTROL_CHARACTERS: Final = frozenset({"Cc"})
_NO_CHARACTERS: Final = frozenset({"Cs"})
"""Categories of Unicode; a surrogate is half a character, which no encoding has."""


def composed(text: str) -> str:
    """Return ``text`` in Unicode's form NFC: the same characters, whichever keyboard typed them (RFC 8265 §4.2.1)."""
    return normalize("NFC", text)


@dataclass(frozen=True, slots=True)
class PasswordPolicy:
    """``least_length`` counts characters. There are no rules of composition (NIST SP 800-63B §3.1.1.2)."""

    least_length: int = 8


def username_faults(username: str) -> Iterator[FieldError]:
    """Yield what is wrong with a new user's name, which must be composed."""
    if not 1 <= len(username) <= MAX_USERNAME_LENGTH:
        yield FieldError("username", f"must have 1 to {MAX_USERNAME_LENGTH} characters")
    if _has(username, _NO_CHARACTERS | _CONTROL_CHARACTERS):
        yield FieldError("username", "must be text without control characters")


def password_faults(
    password: str, policy: PasswordPolicy, *, username: str, is_common: bool, field: str
) -> Iterator[FieldError]:
    """Yield what is wrong with a new password of the user ``username``; both must be composed."""
    if not policy.least_length <= len(password) <= MAX_PASSWORD_LENGTH:
        yield FieldError(field, f"must have {policy.least_length} to {MAX_PASSWORD_LENGTH} characters")
    elif _has(password, _NO_CHARACTERS):
        yield FieldError(field, "must be text")
    elif is_common:
        yield FieldError(field, "is one of the passwords that everybody tries first; choose another")
    elif password.casefold() == username.casefold():
        yield FieldError(field, "is the username; choose another")


def _has(text: str, refused: frozenset[str]) -> bool:
    return any(category(each) in refused for each in text)
