"""Errors: refused access tokens (RFC 6750 §3.1), and tokens that are not issued."""

from ..errors import ConfigurationError, KeyturnError


class UnfitToken(ConfigurationError):
    """A token is not issued, because everybody would refuse it. The description says why, and what to change."""


class MissingToken(KeyturnError):
    """The request has no access token. The response then has no error code (RFC 6750 §3.1)."""

    code = "missing_token"
    description = "This resource needs an access token."


class InvalidToken(KeyturnError):
    """The access token is refused (RFC 6750 §3.1). The subclasses give the reason."""

    code = "invalid_token"
    description = "The access token is invalid."


class MalformedToken(InvalidToken):
    """The text does not have the form of an access token of this service."""

    description = "Invalid token format"


class BadSignature(InvalidToken):
    """The signature does not verify."""

    description = "The token's signature is invalid."


class UnknownSigner(BadSignature):
    """No published key has the token's ``kid``, or the verifier has not heard of the key yet. A ``kid`` is public."""

    description = "The token's key is not known here."


class ExpiredToken(InvalidToken):
    """The token has expired (RFC 7519 §4.1.4)."""

    description = "The token has expired."


class TokenNotYetValid(InvalidToken):
    """The token's ``iat`` is in the future."""

    description = "The token is not valid yet."


class WrongIssuer(InvalidToken):
    """The token has another issuer (RFC 9068 §4)."""

    description = "The token's issuer is not accepted here."


class WrongAudience(InvalidToken):
    """The token has another audience (RFC 9068 §4)."""

    description = "The token's audience is not accepted here."


class SessionRevoked(InvalidToken):
    """The session of the token was revoked."""

    description = "The token's session was revoked."


class InsufficientScope(KeyturnError):
    """The token is valid but lacks a scope (RFC 6750 §3.1)."""

    code = "insufficient_scope"
    description = "This resource needs a scope that the token lacks."

    def __init__(self, scope: str, description: str | None = None) -> None:
        super().__init__(description or f"This resource needs the scope {scope}.")
        self.scope = scope


class SessionRequired(InsufficientScope):
    """The token is valid but has no session, and the resource needs one."""

    def __init__(self, scope: str) -> None:
        super().__init__(scope, f"This resource needs the scope {scope}, in the token of a signed-in session.")
