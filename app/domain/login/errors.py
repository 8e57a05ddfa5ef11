"""Errors of signing in and of administering users."""

from asyncio import CancelledError

from ..errors import KeyturnError, Unavailable


class InvalidCredentials(KeyturnError):
    """The username or the password is wrong. The error does not say which."""

    code = "invalid_credentials"
    description = "The username or the password is wrong."


class WrongCurrentPassword(InvalidCredentials):
    """A user who is signed in gave a wrong password."""

    description = "The current password is wrong."


class HashingCancelled(CancelledError):
    """A request was cancelled while its password waited to be hashed."""


class HashingOverloaded(Unavailable):
    """Too many passwords wait to be hashed, or memory is short.

    ``reached_hasher`` is false for a sign-in that was refused before its password reached the hasher.
    """

    description = "Too many sign-ins are under way; try again."

    def __init__(self, description: str | None = None, *, reached_hasher: bool = True) -> None:
        super().__init__(description)
        self.reached_hasher = reached_hasher


class UserNotFound(KeyturnError):
    """No user has this id or name."""

    code = "not_found"
    description = "There is no such user."
