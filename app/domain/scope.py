"""Scope: the permissions of RFC 6749 §3.3."""

import re
from dataclasses import dataclass
from functools import cached_property
from typing import Final, Self

from .errors import KeyturnError

ACCOUNT: Final = "account"
"""Allows a user to see and revoke their own sessions."""

ADMIN: Final = "keyturn:admin"
"""Allows a user to administer the service."""

MAX_LENGTH: Final = 1024
"""Characters of a scope as text."""

FORM: Final = f"scope tokens separated by single spaces, with at most {MAX_LENGTH:,} characters together"
"""The form of a scope, for messages."""

_SCOPE = re.compile(r"[\x21\x23-\x5B\x5D-\x7E]+(?: [\x21\x23-\x5B\x5D-\x7E]+)*")


class InvalidScope(KeyturnError):
    """The requested scope is malformed, or more than can be granted (RFC 6749 §5.2)."""

    code = "invalid_scope"
    description = "The requested scope is malformed or exceeds what can be granted."


@dataclass(frozen=True)
class Scope:
    """A set of scope tokens."""

    tokens: frozenset[str] = frozenset()

    @classmethod
    def parse(cls, text: str) -> Self:
        """Return the scope that ``text`` lists, separated by single spaces (RFC 6749 §3.3); "" is the empty scope.

        Raises ``InvalidScope`` if ``text`` is malformed or too long.
        """
        if text and (len(text) > MAX_LENGTH or not _SCOPE.fullmatch(text)):
            raise InvalidScope
        return cls(frozenset(text.split()))

    @cached_property
    def text(self) -> str:
        """The tokens in alphabetical order, separated by single spaces. It is made once."""
        return " ".join(sorted(self.tokens))

    def __str__(self) -> str:
        return self.text

    def __contains__(self, token: str) -> bool:
        return token in self.tokens

    def narrowed_to(self, requested: str) -> "Scope":
        """Return the scope that the text ``requested`` lists.

        Raises ``InvalidScope`` if ``requested`` is malformed or not within this scope (RFC 6749 §6).
        """
        scope = Scope.parse(requested)
        if not scope.tokens <= self.tokens:
            raise InvalidScope
        return scope
