"""Usernames and passwords: their normal form, and the rules for new ones."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final
from unicodedata import category, normalize

from ..errors import FieldError
from ..identifiers import name_fault
from .user import MAX_PASSWORD_LENGTH, MAX_USERNAME_LENGTH

_SURROGATES: Final = "Cs"
"""A category of Unicode. A surrogate is half a character, which UTF-8 cannot encode."""


def normalized(text: str) -> str:
    """Return ``text`` in Unicode's form NFC, so that it is the same on every keyboard (RFC 8265 §4.2.1)."""
    return normalize("NFC", text)


def comparable(username: str) -> str:
    """Return a text that is equal for usernames which people may take for each other.

    It has no spaces and invisible characters, and does not depend on case and width. Similar letters of different
    scripts stay different.
    """
    if username.isascii() and username.isprintable():
        return username.lower().replace(" ", "")
    folded = normalize("NFKC", normalize("NFKC", username).casefold())
    return "".join(each for each in folded if each != " " and name_fault(f"a{each}a") is None)


def password_forms(password: str) -> tuple[str, ...]:
    """Return the forms of a password that are verified: NFC, and the text as it was sent if that is another one.

    A hash that Keyturn made is one of NFC, so the text as sent never matches it. It can match a hash that another
    system made of the text as its users sent it. The forms depend on the sent text alone, not on the user.
    """
    composed = normalized(password)
    return (composed,) if composed == password else (composed, password)


@dataclass(frozen=True, slots=True)
class PasswordPolicy:
    """The shortest allowed password, in characters. No kinds of characters are required (NIST SP 800-63B §3.1.1.2)."""

    min_length: int = 8


def username_errors(username: str) -> Iterator[FieldError]:
    """Yield what is wrong with the normalized name of a new user."""
    if not 1 <= len(username) <= MAX_USERNAME_LENGTH:
        yield FieldError("username", f"must have 1 to {MAX_USERNAME_LENGTH} characters")
    if fault := name_fault(username):
        yield FieldError("username", fault)


def password_errors(
    password: str, policy: PasswordPolicy, *, username: str, is_common: bool, field: str
) -> Iterator[FieldError]:
    """Yield what is wrong with a new password of the user ``username``; both are normalized."""
    if not policy.min_length <= len(password) <= MAX_PASSWORD_LENGTH:
        yield FieldError(field, f"must have {policy.min_length} to {MAX_PASSWORD_LENGTH} characters")
    elif any(category(character) == _SURROGATES for character in password):
        yield FieldError(field, "must be text")
    elif is_common:
        yield FieldError(field, "is one of the passwords that everybody tries first; choose another")
    elif password.casefold() == username.casefold():
        yield FieldError(field, "is the username; choose another")
