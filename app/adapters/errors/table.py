"""The table of errors: their HTTP statuses, and their reasons in the metrics. Their codes are in their classes."""

from dataclasses import dataclass
from http import HTTPStatus
from typing import Final

from ...domain.audience import InvalidTarget
from ...domain.clients.errors import (
    ClientNotFound,
    UnauthorizedClient,
    UnsupportedGrantType,
    UnsupportedTokenType,
)
from ...domain.clocks.errors import ClockInDoubt
from ...domain.errors import AlreadyExists, InvalidClient, InvalidRequest, KeyturnError, TooManyAttempts, Unavailable
from ...domain.keys.errors import KeyChangeRefused
from ...domain.login.errors import InvalidCredentials, UserNotFound, WrongCurrentPassword
from ...domain.scope import InvalidScope
from ...domain.sessions.errors import InvalidGrant, SessionNotFound
from ...domain.tokens.errors import (
    BadSignature,
    ExpiredToken,
    InsufficientScope,
    InvalidToken,
    MalformedToken,
    MissingToken,
    SessionRevoked,
    TokenNotYetValid,
    UnknownSigner,
    WrongAudience,
    WrongIssuer,
)
from ...domain.verifier.errors import KeysUnknown, RevocationsUnknown


@dataclass(frozen=True, slots=True)
class ErrorEntry:
    """A row of the table. ``reason`` is a label value of the metrics. ``oauth_status`` is the status below ``/oauth/``,
    which is 400 for most errors (RFC 6749 §5.2).
    """

    status: int
    reason: str = "other"
    oauth_status: int = 400


ERRORS: Final[dict[type[KeyturnError], ErrorEntry]] = {
    InvalidRequest: ErrorEntry(400, "invalid_request"),
    InvalidScope: ErrorEntry(400, "invalid_scope"),
    InvalidTarget: ErrorEntry(400, "invalid_target"),
    UnauthorizedClient: ErrorEntry(400, "unauthorized_client"),
    UnsupportedGrantType: ErrorEntry(400, "unsupported_grant_type"),
    UnsupportedTokenType: ErrorEntry(400),
    InvalidClient: ErrorEntry(401, "invalid_client", oauth_status=401),
    InvalidCredentials: ErrorEntry(401),
    InvalidGrant: ErrorEntry(401),
    MissingToken: ErrorEntry(401, "missing"),
    InvalidToken: ErrorEntry(401, "invalid_token"),
    MalformedToken: ErrorEntry(401, "malformed"),
    BadSignature: ErrorEntry(401, "bad_signature"),
    UnknownSigner: ErrorEntry(401, "unknown_key"),
    ExpiredToken: ErrorEntry(401, "expired"),
    TokenNotYetValid: ErrorEntry(401, "not_yet_valid"),
    WrongIssuer: ErrorEntry(401, "wrong_issuer"),
    WrongAudience: ErrorEntry(401, "wrong_audience"),
    SessionRevoked: ErrorEntry(401, "revoked"),
    InsufficientScope: ErrorEntry(403, "insufficient_scope"),
    WrongCurrentPassword: ErrorEntry(403),
    SessionNotFound: ErrorEntry(404),
    UserNotFound: ErrorEntry(404),
    ClientNotFound: ErrorEntry(404),
    AlreadyExists: ErrorEntry(409),
    KeyChangeRefused: ErrorEntry(409),
    TooManyAttempts: ErrorEntry(429, oauth_status=429),
    Unavailable: ErrorEntry(503, oauth_status=503),
    ClockInDoubt: ErrorEntry(503, "clock_in_doubt", oauth_status=503),
    KeysUnknown: ErrorEntry(503, "keys_unknown", oauth_status=503),
    RevocationsUnknown: ErrorEntry(503, "revocations_unknown", oauth_status=503),
    KeyturnError: ErrorEntry(500, oauth_status=500),
}
"""A class that is missing here has the row of its nearest base class. Every class with a code of its own has a row."""


def entry(kind: type[KeyturnError]) -> ErrorEntry:
    """Return the row of an error class, or of its nearest base class with a row."""
    return next(ERRORS[base] for base in kind.__mro__ if base in ERRORS)


def problem_status(kind: type[KeyturnError]) -> HTTPStatus:
    """Return the status of a response in the format of RFC 9457."""
    return HTTPStatus(entry(kind).status)


def oauth_status(kind: type[KeyturnError]) -> HTTPStatus:
    """Return the status of a response in the format of RFC 6749 §5.2."""
    return HTTPStatus(entry(kind).oauth_status)


def reason(error: KeyturnError) -> str:
    """Return the reason of an error in the metrics. ``InvalidGrant`` has a ``reason`` of its own."""
    return error.reason if isinstance(error, InvalidGrant) else entry(type(error)).reason
