"""Grants and clients that are not accepted (RFC 6749 §5.2)."""

from .errors import KeyturnError


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
