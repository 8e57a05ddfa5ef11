"""A session's life."""

import pytest

from app.testing.builders import refresh_token, session_of
from app.testing.system import NOW


@pytest.mark.parametrize(
    ("expires_at", "idle_expires_at", "expected"),
    [(100.0, None, 100.0), (100.0, 50.0, 50.0), (100.0, 150.0, 100.0), (100.0, 0.0, 0.0)],
)
def test_the_earlier_expiry_counts(expires_at: float, idle_expires_at: float | None, expected: float) -> None:
    """A session ends at the earlier of its expiries; without an idle limit, at the absolute one."""
    session = session_of(refresh_token(), expires_at=expires_at, idle_expires_at=idle_expires_at)
    assert session.ends_at() == expected


@pytest.mark.parametrize(("moment", "live"), [(NOW - 1, True), (NOW + 59.999, True), (NOW + 60, False)])
def test_it_lives_until_its_end(moment: float, *, live: bool) -> None:
    """A session is live strictly before its end."""
    assert session_of(refresh_token(), expires_at=NOW + 60).is_live(moment) is live


def test_a_revoked_session_is_not_live() -> None:
    """A revocation ends a session at every moment, that of an instance whose clock is behind included."""
    assert not session_of(refresh_token(), revoked_at=NOW).is_live(NOW - 5)
