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
    """Too many passwords wait to be hashed, or memory is short."""

    description = "Too many sign-ins are under way; try again."


class NoPlaceLeft(HashingOverloaded):
    """A sign-in was refused before its password reached the hasher, because too many are under way."""


class UserNotFound(KeyturnError):
    """No user has this id or name."""

    code = "not_found"
    description = "There is no such user."
