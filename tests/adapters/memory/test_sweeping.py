"""Retention on in-memory stores: what instances must be able to learn outlives the session."""

import pytest

from app.domain.identifiers import FIRST_PARTY
from app.domain.sessions.revocation import Revocation
from app.domain.tokens.errors import SessionRevoked
from app.domain.tokens.revocation_list import RevocationList
from app.domain.tokens.validation import Validation
from app.testing.audit import FakeAuditTrail

from .rotation_model import Limits
from .rotation_service import ACCESS_TOKENS, RotationService, completed


@pytest.mark.parametrize("before_the_end", [500, 1])
def test_an_instance_that_starts_late_refuses_what_was_revoked(before_the_end: int) -> None:
    """A session revoked shortly before its end stays listed while the leeway lets its access tokens live on."""
    service = RotationService(Limits(lifetime=900, idle_lifetime=None, replay_window=30))
    granted, _ = service.log_in("alice", None)
    service.clock.advance(900 - before_the_end)
    service.log_out(granted.refresh_token, FIRST_PARTY)
    service.clock.advance(before_the_end + 1)
    completed(service.retention.sweep())
    revoked = RevocationList()
    instance = Revocation(
        sessions=service.sessions, revoked=revoked, clock=service.clock, audit=FakeAuditTrail(), policy=ACCESS_TOKENS
    )
    completed(instance.sync_revocations())
    validation = Validation(verifier=service.codec, revoked=revoked, clock=service.clock, policy=ACCESS_TOKENS)
    with pytest.raises(SessionRevoked):
        validation.validate(granted.access_token)
