"""Accounts: making and listing users."""

from collections.abc import Sequence
from typing import Final
from unicodedata import category

from ...ports.password_hasher import PasswordHasher
from ...ports.randomness import Randomness
from ...ports.users import UserRepository
from ..errors import AlreadyExists, FieldError, InvalidRequest
from ..model import base64url
from ..model.identifiers import Subject
from ..model.scope import Scope
from ..model.user import MAX_PASSWORD_LENGTH, MAX_USERNAME_LENGTH, SUBJECT_BYTES, User

_CONTROL_CHARACTERS: Final = frozenset({"Cc"})
_NO_CHARACTERS: Final = frozenset({"Cs"})
"""Categories of Unicode; a surrogate is half a character, which no encoding has."""


class Accounts:
    """Creates and lists users."""

    def __init__(self, *, users: UserRepository, hasher: PasswordHasher, randomness: Randomness) -> None:
        self._users = users
        self._hasher = hasher
        self._randomness = randomness

    async def create(self, username: str, password: str, *, scope: Scope) -> User:
        """Return a new user with a random id.

        Raises ``InvalidRequest`` for a name of other than 1 to 255 or a password of other than 1 to 128 characters, and
        for a name with control characters; ``AlreadyExists`` for a name that is taken, ``HashingOverloaded`` and
        ``StoreUnavailable``.
        """
        _check_length("username", username, MAX_USERNAME_LENGTH)
        _check_length("password", password, MAX_PASSWORD_LENGTH)
        _check_characters("username", username, _NO_CHARACTERS | _CONTROL_CHARACTERS)
        _check_characters("password", password, _NO_CHARACTERS)
        if await self._users.find_by_username(username) is not None:
            raise AlreadyExists
        user = User(
            subject=Subject(base64url.encode(self._randomness.token_bytes(SUBJECT_BYTES))),
            username=username,
            password_hash=await self._hasher.hash(password),
            scope=scope,
        )
        await self._users.add(user)
        return user

    async def page(self, *, after: str, limit: int) -> Sequence[User]:
        """Return at most ``limit`` users whose names come after ``after``, in the order of their names."""
        return await self._users.page(after=after, limit=limit)


def _check_length(field: str, text: str, most: int) -> None:
    if not 1 <= len(text) <= most:
        raise InvalidRequest(errors=[FieldError(field, f"must have 1 to {most} characters")])


def _check_characters(field: str, text: str, refused: frozenset[str]) -> None:
    if any(category(each) in refused for each in text):
        raise InvalidRequest(errors=[FieldError(field, "must be text without control characters")])
