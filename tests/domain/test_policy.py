"""The operator's rules."""

import pytest

from app.domain.sessions.policy import SessionPolicy
from app.domain.tokens.policy import AccessTokenPolicy
from app.testing.builders import AUDIENCE, ISSUER


def test_revocations_are_remembered_for_longer_than_tokens_are_accepted() -> None:
    """A revocation is needed for a token's lifetime and the leeway; it is kept for a minute more."""
    policy = AccessTokenPolicy(issuer=ISSUER, audience=AUDIENCE, lifetime=600, leeway=10)
    assert policy.memory_of_revocations() == 600 + 10 + 60


@pytest.mark.parametrize(("idle_lifetime", "expected"), [(None, None), (3600, 4600.0), (0, 1000.0)])
def test_the_idle_deadline_is_counted_from_use(idle_lifetime: int | None, expected: float | None) -> None:
    """Without an idle limit there is no deadline."""
    assert SessionPolicy(idle_lifetime=idle_lifetime).idle_deadline(1000.0) == expected
