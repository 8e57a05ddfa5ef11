"""One class per failure: its OAuth 2.0 error code and a description that is safe to send to a client. Those of one
subject have a module of their own, such as ``token_errors``.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar


class KeyturnError(Exception):
    """A failure of the domain.

    ``code`` is the error code of RFC 6749 §5.2 or RFC 6750 §3.1, or one named after them; ``description`` never holds
    a secret. Details for the operator go into the exception's cause.
    """

    code: ClassVar[str] = "server_error"
    description: str = "The service failed to answer this request."

    def __init__(self, description: str | None = None) -> None:
        if description is not None:
            self.description = description
        super().__init__(self.description)


class ConfigurationError(KeyturnError):
    """The service cannot start as it is configured; the description names the fault and the mend."""


@dataclass(frozen=True, slots=True)
class FieldError:
    """What is wrong with one member of a request."""

    field: str
    message: str


class InvalidRequest(KeyturnError):
    """The request is malformed (RFC 6749 §5.2)."""

    code = "invalid_request"
    description = "The request is malformed."

    def __init__(self, description: str | None = None, *, errors: Sequence[FieldError] = ()) -> None:
        super().__init__(description)
        self.errors = tuple(errors)


class TooManyAttempts(KeyturnError):
    """A budget is used up; there is an attempt again after ``retry_after`` seconds (RFC 6585 §4)."""

    code = "too_many_attempts"
    description = "There were too many attempts; try again later."

    def __init__(self, description: str | None = None, *, retry_after: int = 1) -> None:
        super().__init__(description)
        self.retry_after = retry_after


class Unavailable(KeyturnError):
    """The service cannot answer now; the same request may succeed after ``retry_after`` seconds."""

    code = "temporarily_unavailable"
    description = "The service cannot answer now; try again."

    def __init__(self, description: str | None = None, *, retry_after: int = 1) -> None:
        super().__init__(description)
        self.retry_after = retry_after


class StoreUnavailable(Unavailable):
    """The store did not answer; whether it did what it was asked is unknown."""

    description = "The store cannot be reached; try again."


class InvalidClient(KeyturnError):
    """The client is unknown or did not authenticate (RFC 6749 §5.2)."""

    code = "invalid_client"
    description = "The client is unknown, or did not authenticate as it is registered to."


class AlreadyExists(KeyturnError):
    """A repository holds something under this identifier already."""

    code = "already_exists"
    description = "This identifier is taken."
