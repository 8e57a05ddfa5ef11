"""Errors: a refused refresh token, and a session that is not found."""

from ..errors import KeyturnError


class InvalidGrant(KeyturnError):
    """The refresh token is refused (RFC 6749 §5.2).

    ``reason`` is for the operator and is not sent to the client: ``unknown``, ``foreign_client``, ``dead_session``,
    ``reuse``, ``lost_race``, ``untraced`` or ``no_audience``, or the word of a rule that was added.
    """

    code = "invalid_grant"
    description = "The refresh token is invalid, expired or revoked."

    def __init__(self, description: str | None = None, *, reason: str = "unknown") -> None:
        super().__init__(description)
        self.reason = reason


class SessionNotFound(KeyturnError):
    """The subject has no live session with this id."""

    code = "not_found"
    description = "There is no such session."
