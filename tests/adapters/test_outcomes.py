"""Which audit events are counted: no type of them is forgotten."""

from dataclasses import fields
from typing import Any, Final

import pytest

from app.adapters.telemetry.prometheus import PrometheusTelemetry
from app.domain.audit import events
from app.domain.audit.events import (
    AllSessionsRevoked,
    AuditEvent,
    ClientAdded,
    ClientRemoved,
    ClientSecretRotated,
    ForeignClientRefused,
    KeyDropped,
    KeyPublished,
    KeyRescheduled,
    PasswordChanged,
    RaceLost,
    ReuseDetected,
    ScopeChanged,
    TokenUntraced,
    UserCreated,
    UserDeleted,
    UserDisabled,
    UserEnabled,
)
from app.domain.sessions.session import RevocationReason
from tests.metrics import Metrics

_REFUSAL: Final = "the refresh that is refused for it is counted"
_ACCOUNT: Final = "it changes an account or a client, and no token; the sessions that it ends are counted"
_KEYS: Final = "the metrics tell the keys themselves"

NOT_COUNTED: Final[dict[type[AuditEvent], str]] = {
    ReuseDetected: _REFUSAL,
    RaceLost: _REFUSAL,
    TokenUntraced: _REFUSAL,
    ForeignClientRefused: _REFUSAL,
    UserCreated: _ACCOUNT,
    UserDisabled: _ACCOUNT,
    UserDeleted: _ACCOUNT,
    ScopeChanged: _ACCOUNT,
    UserEnabled: _ACCOUNT,
    PasswordChanged: _ACCOUNT,
    ClientAdded: _ACCOUNT,
    ClientRemoved: _ACCOUNT,
    ClientSecretRotated: _ACCOUNT,
    KeyPublished: _KEYS,
    KeyRescheduled: _KEYS,
    KeyDropped: _KEYS,
    AllSessionsRevoked: "how many sessions the cut-off ends is not known",
}
"""The events that no counter tells, and why."""

KINDS: Final[list[Any]] = [
    each
    for each in vars(events).values()
    if isinstance(each, type) and issubclass(each, AuditEvent) and not each.__subclasses__()
]


def counted(*happened: AuditEvent) -> Metrics:
    """Return what is measured when these events happen, and nothing else."""
    telemetry = PrometheusTelemetry()
    for each in happened:
        telemetry.event_recorded(each)
    return Metrics.parse(telemetry.exposition().decode())


def _any(kind: Any) -> AuditEvent:
    members = {each.name: RevocationReason.REUSE if each.name == "reason" else 1 for each in fields(kind)}
    event: AuditEvent = kind(**members)
    return event


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.__name__)
def test_an_event_is_counted_or_named_as_one_that_is_not(kind: Any) -> None:
    """Whoever adds a type of event decides which."""
    assert (counted(_any(kind)).samples == counted().samples) == (kind in NOT_COUNTED)
