"""The expiry of a session."""

import pytest

from app.domain.sessions.session import SessionPolicy
from app.testing.builders import refresh_token, session_of
from app.testing.system import NOW


@pytest.mark.parametrize(
    ("expires_at", "idle_expires_at", "expected"),
    [(100.0, None, 100.0), (100.0, 50.0, 50.0), (100.0, 150.0, 100.0), (100.0, 0.0, 0.0)],
)
def test_a_session_ends_at_its_earlier_expiry(
    expires_at: float, idle_expires_at: float | None, expected: float
) -> None:
    """Without an idle limit it ends at the absolute expiry."""
    session = session_of(refresh_token(), expires_at=expires_at, idle_expires_at=idle_expires_at)
    assert session.ends_at() == expected


@pytest.mark.parametrize(("moment", "live"), [(NOW - 1, True), (NOW + 59, True), (NOW + 59.001, False)])
def test_a_session_is_live_before_its_end(moment: float, *, live: bool) -> None:
    """A session is live while it has at least one second left."""
    assert session_of(refresh_token(), expires_at=NOW + 60).is_live(moment) is live


def test_a_revoked_session_is_not_live() -> None:
    """A revoked session is dead at every time, also for an instance whose clock is behind."""
    assert not session_of(refresh_token(), revoked_at=NOW).is_live(NOW - 5)


@pytest.mark.parametrize(("idle_lifetime", "expected"), [(None, None), (3600, 4600.0), (0, 1000.0)])
def test_the_idle_deadline_counts_from_the_last_use(idle_lifetime: int | None, expected: float | None) -> None:
    """Without an idle limit there is no deadline."""
    assert SessionPolicy(idle_lifetime=idle_lifetime).idle_deadline(1000.0) == expected


@pytest.mark.parametrize(("idle_lifetime", "expected"), [(None, 200.0), (20, 170.0), (60, 200.0)])
def test_the_policy_computes_the_expiry_of_a_session(idle_lifetime: int | None, expected: float) -> None:
    """It is the earlier of the absolute and the idle expiry, as for a stored session."""
    policy = SessionPolicy(lifetime=100, idle_lifetime=idle_lifetime)
    assert policy.ends_at(created_at=100.0, rotated_at=150.0) == expected
