"""Identifiers that name nothing, or are taken."""

from .errors import KeyturnError


class SessionNotFound(KeyturnError):
    """The subject has no live session of this id."""

    code = "not_found"
    description = "There is no such session."


class UserNotFound(KeyturnError):
    """There is no user of this id."""

    code = "not_found"
    description = "There is no such user."


class ClientNotFound(KeyturnError):
    """No client of this id was added."""

    code = "not_found"
    description = "There is no such client."


class AlreadyExists(KeyturnError):
    """A repository holds something under this identifier already."""

    code = "already_exists"
    description = "This identifier is taken."
