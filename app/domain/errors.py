"""Errors that several subjects raise. Each subject has its own errors beside it, such as ``tokens/errors.py``.

Each class has an OAuth 2.0 error code, and a description that is safe to send to a client.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar


class KeyturnError(Exception):
    """The base class of all errors of the domain.

    ``code`` is an error code of RFC 6749 §5.2 or RFC 6750 §3.1, or one in their style. ``description`` never contains a
    secret. Details for the operator are in the exception's cause.
    """

    code: ClassVar[str] = "server_error"
    description: str = "The service failed to answer this request."

    def __init__(self, description: str | None = None) -> None:
        if description is not None:
            self.description = description
        super().__init__(self.description)


class ConfigurationError(KeyturnError):
    """The service cannot work as it is configured. The description says what is wrong, and how to correct it."""


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
    """A rate limit is used up. Another attempt is allowed after ``retry_after`` seconds (RFC 6585 §4)."""

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


class Overloaded(Unavailable):
    """Too many requests wait, or this one could not be finished in time. Nothing was changed.

    ``reason`` is for the operator and is not sent to the client: ``full``, ``late``, or ``gone`` for a client that has
    disconnected.
    """

    description = "Too many requests are under way; try again."

    def __init__(self, description: str | None = None, *, retry_after: int = 1, reason: str = "full") -> None:
        super().__init__(description, retry_after=retry_after)
        self.reason = reason


class StoreUnavailable(Unavailable):
    """The store did not answer, or it refused. It is unknown whether the change was made.

    ``fault`` is the kind of failure, such as ``disk_full``; ``no_answer`` is also the kind of what nobody knows better.
    ``text``, the text of this exception, is for the operator: what the store said, and how to mend it. It contains no
    secret and no value of a statement. Clients get the description in its place.
    """

    description = "The store cannot be reached; try again."

    def __init__(
        self, description: str | None = None, *, text: str | None = None, fault: str = "no_answer", retry_after: int = 1
    ) -> None:
        super().__init__(description, retry_after=retry_after)
        self.fault = fault
        if text is not None:
            self.args = (text,)


class InvalidClient(KeyturnError):
    """The client is unknown, or its authentication failed (RFC 6749 §5.2).

    ``reason`` is for the operator and is not sent to the client. ``clients/refusal.py`` lists the reasons.
    ``client_id`` is the client that the request names, if it is registered.
    """

    code = "invalid_client"
    description = "The client is unknown, or its authentication failed."

    def __init__(
        self, description: str | None = None, *, reason: str = "unknown_client", client_id: str | None = None
    ) -> None:
        super().__init__(description)
        self.reason = reason
        self.client_id = client_id


class AlreadyExists(KeyturnError):
    """A repository already has an entry with this identifier."""

    code = "already_exists"
    description = "This identifier is taken."
