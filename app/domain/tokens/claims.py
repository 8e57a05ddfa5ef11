"""The claims of an access token (RFC 9068 §2.2)."""

from dataclasses import dataclass, field

from ..identifiers import ClientId, SessionId, Subject
from ..scope import Scope


@dataclass(frozen=True, slots=True)
class AccessTokenClaims:
    """Who acts, through which client, with which permissions, until when. Times are seconds since the epoch.

    ``session_id`` (``sid``) and ``auth_time`` belong to a signed-in session; a client that acts for itself has none.
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
