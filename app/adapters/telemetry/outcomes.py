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

GRANTED: Final[dict[type[AuditEvent], str]] = {
    LoginSucceeded: "issued",
    ClientTokenIssued: "issued",
    TokenRefreshed: "refreshed",
    TokenReplayed: "replayed",
}
"""The outcome of ``keyturn_tokens_total`` for each event in which tokens were given."""

REFUSED: Final = "refused"
REUSE: Final = "reuse"


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
