"""One class per failure: its OAuth 2.0 error code and a description that is safe to send to a client."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
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


class UnknownKey(ConfigurationError):
    """There is no signing key of this ``kid``."""


class KeyChangeRefused(ConfigurationError):
    """A change of the signing keys that was not made, such as one that verifiers would notice: ``safe_at`` (seconds
    since the epoch) is from when they would not, or ``None`` if that is not known.
    """

    def __init__(self, description: str, *, safe_at: float | None = None) -> None:
        if safe_at is not None:
            moment = datetime.fromtimestamp(safe_at, UTC).isoformat(timespec="seconds")
            description = f"{description} It is safe from {moment} on."
        super().__init__(description)
        self.safe_at = safe_at


class KeysChanged(KeyChangeRefused):
    """Another instance changed the signing keys first."""

    def __init__(self) -> None:
        super().__init__("Another instance has just changed the keys; look at them, and try again.")


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


class InvalidCredentials(KeyturnError):
    """The username or the password is wrong; which of them is not said."""

    code = "invalid_credentials"
    description = "The username or the password is wrong."


class WrongCurrentPassword(InvalidCredentials):
    """A signed-in user gave a password that is not theirs."""

    description = "The current password is wrong."


class InvalidGrant(KeyturnError):
    """The refresh token gives nothing (RFC 6749 §5.2). Why is not said: ``because`` is for the operator, and is
    ``unknown``, ``foreign_client``, ``dead_session``, ``reuse`` or ``lost_race``.
    """

    code = "invalid_grant"
    description = "The refresh token is invalid, expired or revoked."

    def __init__(self, description: str | None = None, *, because: str = "unknown") -> None:
        super().__init__(description)
        self.because = because


class InvalidClient(KeyturnError):
    """The client is unknown or did not authenticate (RFC 6749 §5.2)."""

    code = "invalid_client"
    description = "The client is unknown, or did not authenticate as it is registered to."


class UnauthorizedClient(KeyturnError):
    """The client may not use this grant or endpoint (RFC 6749 §5.2)."""

    code = "unauthorized_client"
    description = "The client may not do this."


class UnsupportedGrantType(KeyturnError):
    """The service has no such grant (RFC 6749 §5.2)."""

    code = "unsupported_grant_type"
    description = "There is no such grant; there are refresh_token and client_credentials."


class InvalidTarget(KeyturnError):
    """A token was asked for an audience that the client has none for (RFC 8707 §2)."""

    code = "invalid_target"
    description = "The client gets no token for this resource or audience."


class UnsupportedTokenType(KeyturnError):
    """The token cannot be revoked (RFC 7009 §2.2.1)."""

    code = "unsupported_token_type"
    description = "An access token of a client that acts for itself cannot be revoked; it expires."


class InvalidScope(KeyturnError):
    """More scope was asked for than can be granted (RFC 6749 §5.2)."""

    code = "invalid_scope"
    description = "The requested scope is malformed or exceeds what can be granted."


class MissingToken(KeyturnError):
    """The request carries no access token (RFC 6750 §3.1: the answer then has no error code)."""

    code = "missing_token"
    description = "This resource needs an access token."


class InvalidToken(KeyturnError):
    """The access token is not accepted (RFC 6750 §3.1); the subclasses say why."""

    code = "invalid_token"
    description = "The access token is invalid."


class MalformedToken(InvalidToken):
    """What was presented does not have the form of an access token of this service."""

    description = "Invalid token format"


class BadSignature(InvalidToken):
    """The signature does not verify."""

    description = "The token's signature is invalid."


class UnknownSigner(BadSignature):
    """No published key has the token's ``kid``; to the client that is a bad signature."""


class ExpiredToken(InvalidToken):
    """The token's time is over (RFC 7519 §4.1.4)."""

    description = "The token has expired."


class TokenNotYetValid(InvalidToken):
    """The token says it was issued in the future."""

    description = "The token is not valid yet."


class WrongIssuer(InvalidToken):
    """The token is another issuer's (RFC 9068 §4)."""

    description = "The token's issuer is not accepted here."


class WrongAudience(InvalidToken):
    """The token is meant for another resource (RFC 9068 §4)."""

    description = "The token's audience is not accepted here."


class SessionRevoked(InvalidToken):
    """The session that the token belongs to was revoked."""

    description = "The token's session was revoked."


class InsufficientScope(KeyturnError):
    """The token is valid and lacks a scope (RFC 6750 §3.1)."""

    code = "insufficient_scope"
    description = "This resource needs a scope that the token lacks."

    def __init__(self, scope: str, description: str | None = None) -> None:
        super().__init__(description or f"This resource needs the scope {scope}.")
        self.scope = scope


class SessionRequired(InsufficientScope):
    """The token is valid and belongs to no session, where one is needed."""

    def __init__(self, scope: str) -> None:
        super().__init__(scope, f"This resource needs the scope {scope}, in the token of a signed-in session.")


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


class HashingOverloaded(Unavailable):
    """More passwords wait to be hashed than the service takes on."""

    description = "Too many sign-ins are under way; try again."


class IssuerFault(KeyturnError):
    """What the issuer told cannot be used, or it told nothing; the description names the fault for the operator."""


class KeysUnknown(Unavailable):
    """The keys of the issuer were never fetched: no token can be judged."""

    description = "The keys of the issuer are not known yet; try again."


class RevocationsUnknown(Unavailable):
    """Which sessions were revoked lately is not known, and the route does not go on without that."""

    description = "Which sessions were revoked lately is not known at present; try again."
