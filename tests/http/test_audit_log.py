"""The audit trail in the log."""

import pytest

from app.adapters.telemetry.audit_recorder import AuditRecorder
from app.domain.audit.events import (
    AuditEvent,
    ForeignClientRefused,
    LoginFailed,
    LoginSucceeded,
    SessionWasRevoked,
    TokenRefreshed,
)
from app.domain.identifiers import ClientId, SessionId, Subject
from app.domain.sessions.session import RevocationReason

from .log_lines import LogLines
from .service import Service, Tokens

SID = "AAAAAAAAAAAAAAAAAAAAAA"
FACTS = {"session_id": SessionId(bytes(16)), "subject": Subject("s"), "client_id": ClientId("c")}
LOGGED_FACTS = {"session_id": SID, "subject": "s", "client_id": "c"}

EVENTS: list[tuple[AuditEvent, str, dict[str, object]]] = [
    (
        LoginSucceeded(at=1.0, address="::1", audience="a b", **FACTS),  # type: ignore[arg-type]  # each fact has its type
        "login_succeeded",
        {**LOGGED_FACTS, "address": "::1", "audience": "a b"},
    ),
    (
        LoginFailed(at=1.0, reason="unknown_user", subject=None, address="::1"),
        "login_failed",
        {"reason": "unknown_user", "subject": None, "address": "::1"},
    ),
    (TokenRefreshed(at=1.0, generation=7, **FACTS), "token_refreshed", {**LOGGED_FACTS, "generation": 7}),  # type: ignore[arg-type]  # each fact has its type
    (
        ForeignClientRefused(at=1.0, presented_by=ClientId("d"), **FACTS),  # type: ignore[arg-type]  # each fact has its type
        "foreign_client_refused",
        {**LOGGED_FACTS, "presented_by": "d"},
    ),
    (
        SessionWasRevoked(at=1.0, reason=RevocationReason.REUSE, **FACTS),  # type: ignore[arg-type]  # each fact has its type
        "session_was_revoked",
        {**LOGGED_FACTS, "reason": "reuse"},
    ),
]


async def test_a_line_has_the_address_of_its_request(log: LogLines, service: Service, tokens: Tokens) -> None:
    """A line has the address of the client and the id of the request, even if the event itself has no address."""
    await service.rotate(tokens)
    *_, entry = log.of("keyturn.audit")
    assert (entry["message"], entry["address"]) == ("token_refreshed", "127.0.0.1")
    assert len(entry["request_id"]) == 16


@pytest.mark.parametrize(("event", "name", "members"), EVENTS, ids=[name for _, name, _ in EVENTS])
def test_an_event_is_a_line_of_json(log: LogLines, event: AuditEvent, name: str, members: dict[str, object]) -> None:
    """A line has the name and the members of the event; the id of the session is written as in the tokens."""
    AuditRecorder(records=None).record(event)
    [entry] = log.of("keyturn.audit")
    assert {each: entry.pop(each) for each in ("level", "logger", "message")} == {
        "level": "info",
        "logger": "keyturn.audit",
        "message": name,
    }
    del entry["time"]
    assert entry == members
