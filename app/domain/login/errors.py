"""Sign-ins and users that are refused or not found."""

from asyncio import CancelledError

from ..errors import KeyturnError, Unavailable


class InvalidCredentials(KeyturnError):
    """The username or the password is wrong; which of them is not said."""

    code = "invalid_credentials"
    description = "The username or the password is wrong."


class WrongCurrentPassword(InvalidCredentials):
    """A signed-in user gave a password that is not theirs."""

    description = "The current password is wrong."


class HashingAbandoned(CancelledError):
    """A sign-in was cancelled before its password was looked at."""


class HashingOverloaded(Unavailable):
    """More passwords wait to be hashed than the service takes on."""

    description = "Too many sign-ins are under way; try again."


class NoPlaceLeft(HashingOverloaded):
    """A sign-in was refused before its password reached the hasher, because too many are under way."""


class UserNotFound(KeyturnError):
    """There is no user of this id."""

    code = "not_found"
    description = "There is no such user."
