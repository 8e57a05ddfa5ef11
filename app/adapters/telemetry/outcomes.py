"""The outcomes of audit events, as label values of the metrics."""

from typing import Final

from ...domain.audit.events import (
    AuditEvent,
    ClientTokenIssued,
    LoginFailed,
    LoginSucceeded,
    SessionWasRevoked,
    TokenRefreshed,
    TokenReplayed,
)

GRANTED: Final[dict[type[AuditEvent], str]] = {
    LoginSucceeded: "issued",
    ClientTokenIssued: "issued",
    TokenRefreshed: "refreshed",
    TokenReplayed: "replayed",
}
"""The label ``outcome`` of ``keyturn_tokens_total`` for each kind of event that issues tokens."""

REFUSED: Final = "refused"
REUSE: Final = "reuse"


def login(event: AuditEvent) -> tuple[str, str] | None:
    """Return the outcome of a sign-in and its reason, or ``None`` for an event of another kind."""
    match event:
        case LoginSucceeded():
            return "succeeded", ""
        case LoginFailed():
            return REFUSED, event.reason
        case _:
            return None


def revoked(event: AuditEvent) -> str | None:
    """Return the reason of a revocation, or ``None`` for an event of another kind."""
    return event.reason if isinstance(event, SessionWasRevoked) else None
