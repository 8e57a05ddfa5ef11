"""How what happens is called in the metrics: a line for each outcome. The words are ours, and few."""

from typing import Final

from ...domain.audit.events import (
    AllSessionsRevoked,
    AuditEvent,
    ClientTokenIssued,
    LoginFailed,
    LoginSucceeded,
    SessionWasRevoked,
    TokenRefreshed,
    TokenReplayed,
)
from ...domain.clients.errors import InvalidTarget, UnauthorizedClient, UnsupportedGrantType
from ...domain.errors import InvalidClient, InvalidRequest, KeyturnError
from ...domain.scope import InvalidScope
from ...domain.sessions.errors import InvalidGrant
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

GRANTED: Final[dict[type[AuditEvent], str]] = {
    LoginSucceeded: "issued",
    ClientTokenIssued: "issued",
    TokenRefreshed: "refreshed",
    TokenReplayed: "replayed",
}
"""The outcome of ``keyturn_tokens_total`` for each event in which tokens were given."""

REFUSED: Final = "refused"
REUSE: Final = "reuse"

_REASONS: Final[dict[type[KeyturnError], str]] = {
    MissingToken: "missing",
    MalformedToken: "malformed",
    UnknownSigner: "unknown_key",
    BadSignature: "bad_signature",
    ExpiredToken: "expired",
    TokenNotYetValid: "not_yet_valid",
    WrongIssuer: "wrong_issuer",
    WrongAudience: "wrong_audience",
    SessionRevoked: "revoked",
    InsufficientScope: "insufficient_scope",
    KeysUnknown: "keys_unknown",
    RevocationsUnknown: "revocations_unknown",
    InvalidScope: "invalid_scope",
    InvalidTarget: "invalid_target",
    InvalidClient: "invalid_client",
    UnauthorizedClient: "unauthorized_client",
    UnsupportedGrantType: "unsupported_grant_type",
    InvalidRequest: "invalid_request",
    InvalidToken: "invalid_token",
    KeyturnError: "other",
}


def reason(refusal: KeyturnError) -> str:
    """Return why something was refused, in one word."""
    if isinstance(refusal, InvalidGrant):
        return refusal.reason
    return next(_REASONS[kind] for kind in type(refusal).__mro__ if kind in _REASONS)


def login(event: AuditEvent) -> tuple[str, str] | None:
    """Return the outcome of a sign-in and the reason for it, if the event is the end of one."""
    match event:
        case LoginSucceeded():
            return "succeeded", ""
        case LoginFailed():
            return REFUSED, event.reason
        case _:
            return None


def revoked(event: AuditEvent) -> tuple[str, int] | None:
    """Return why sessions were ended before their time and how many, if the event is that."""
    match event:
        case SessionWasRevoked():
            return event.reason, 1
        case AllSessionsRevoked():
            return event.reason, event.sessions
        case _:
            return None
