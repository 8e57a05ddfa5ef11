"""Access tokens that are not accepted (RFC 6750 §3.1)."""

from ..errors import KeyturnError


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
