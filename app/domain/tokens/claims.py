"""The claims of an access token (RFC 9068 §2.2)."""

from dataclasses import dataclass, field

from ..identifiers import ClientId, SessionId, Subject
from ..scope import Scope


@dataclass(frozen=True, slots=True)
class AccessTokenClaims:
    """The subject, the client, the scope and the lifetime of a token. Times are seconds since the epoch.

    ``session_id`` (``sid``) and ``auth_time`` are ``None`` in the token of a client that acts for itself.
    """

    issuer: str
    subject: Subject
    audience: tuple[str, ...]
    client_id: ClientId
    issued_at: int
    expires_at: int
    token_id: str = field(repr=False)
    scope: Scope
    session_id: SessionId | None = None
    auth_time: int | None = None
