"""Errors: refused clients and grants (RFC 6749 §5.2)."""

from ..errors import KeyturnError


class UnauthorizedClient(KeyturnError):
    """The client may not use this grant or endpoint (RFC 6749 §5.2)."""

    code = "unauthorized_client"
    description = "The client may not do this."


class UnsupportedGrantType(KeyturnError):
    """The service does not support this grant type (RFC 6749 §5.2)."""

    code = "unsupported_grant_type"
    description = "This grant type is not supported; use refresh_token or client_credentials."


class UnsupportedTokenType(KeyturnError):
    """A token of this type cannot be revoked (RFC 7009 §2.2.1)."""

    code = "unsupported_token_type"
    description = "An access token of a client that acts for itself cannot be revoked; it expires."


class ClientNotFound(KeyturnError):
    """No client has this id."""

    code = "not_found"
    description = "There is no such client."
